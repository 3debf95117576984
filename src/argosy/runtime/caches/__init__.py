"""Caches of objects, kept by list and watch, and compared with the API server in the background."""
