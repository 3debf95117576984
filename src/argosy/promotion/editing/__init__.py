"""Edits of users' files that change what was asked for and leave every other byte alone."""
