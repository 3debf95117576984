"""Webhooks of repositories and registries: verified, parsed, and turned into refreshes."""
