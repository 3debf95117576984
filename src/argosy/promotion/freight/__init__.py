"""Freight: an immutable set of artefacts of one Warehouse, what names it, and where it may go."""
