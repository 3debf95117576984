"""Typed views of built-in kinds, one module per API group: the fields that rooms read; all others survive in `raw`."""
