"""Where applications go: each cluster's live objects, kept by one set of informers, and the way changes take there."""
