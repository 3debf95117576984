"""Previews and comparisons: nothing is written."""
