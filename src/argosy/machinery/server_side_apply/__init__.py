"""Server-side apply: field path sets, their managers, and merging a configuration into a live object (spec 10.4)."""
