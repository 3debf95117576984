"""Freight: an immutable set of artefacts of one Warehouse, its name, and where it may be promoted."""
