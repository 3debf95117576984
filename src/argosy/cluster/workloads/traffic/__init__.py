"""Requests to simulated Services: how routers share them out, what each Pod makes of them, and the series of that.

Rules say how many requests a Service gets, and how many of them an image fails and how long it takes. From there all is
computed: weights of routers, ready endpoints, Prometheus' counters. Nothing is sent.
"""
