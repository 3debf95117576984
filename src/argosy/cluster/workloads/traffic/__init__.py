"""Requests to simulated Services: how routers split them, how each Pod handles them, and the resulting time series.

Rules define how many requests a Service gets, how many of them an image fails and how long it takes. The rest is
computed: weights of routers, ready endpoints, Prometheus' counters. Nothing is sent.
"""
