"""The live objects of an Application: list, tree, get, patch, delete, and actions."""
