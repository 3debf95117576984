"""The adapters that answer this room's questions."""
