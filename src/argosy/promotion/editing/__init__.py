"""Edits users' files: the requested change is made, and every other byte is left alone."""
