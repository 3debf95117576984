"""Typed views of built-in kinds, one module per API group: the fields that Argosy reads; others survive in `raw`."""
