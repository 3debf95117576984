"""Caches of objects, filled by list and watch, and compared with the API server in the background."""
