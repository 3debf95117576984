"""Steps that open, await and merge pull requests."""
