"""Server-side apply: sets of field paths, who owns which, and a configuration merged into a live object (spec 10.4)."""
