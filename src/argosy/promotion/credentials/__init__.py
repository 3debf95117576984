"""Credentials: which Secret a repository's are in."""
