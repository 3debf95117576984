"""Steps in working copies of Git repositories."""
