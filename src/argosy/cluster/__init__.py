"""The embedded Kubernetes-compatible API server: store, registry, HTTP, authentication, admission, simulated workloads.

Depends on `machinery` and `apis` only. `ports.py` declares what it needs for time and randomness.
"""
