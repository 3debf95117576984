"""Steps that open, wait for and merge pull requests."""
