"""Credentials: which Secret holds a repository's."""
