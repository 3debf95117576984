"""What a page shows, live: a snapshot, then patches; computed once for all pages that show the same."""
