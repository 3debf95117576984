"""Git repositories: bare mirrors kept by the git program, revisions resolved, trees read without a checkout."""
