"""Destination clusters: each cluster's live objects, kept by one set of informers, and how changes are written."""
