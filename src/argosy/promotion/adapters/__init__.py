"""This room's adapters: git working copies, registries, pull requests, HTTP, rendering."""
