"""The doors of this room to the world: git working copies, registries, pull requests, HTTP, rendering."""
