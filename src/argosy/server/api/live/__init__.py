"""Live content of pages: a snapshot, then patches, computed once for all pages with the same content."""
