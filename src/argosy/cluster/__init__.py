"""The embedded Kubernetes-compatible API server: store, registry, HTTP, authentication, admission, simulated workloads.

Depends on `machinery` and `apis` only. What it needs of time and chance it says in `ports.py`.
"""
