"""Shared by all Applications' reconciliations: settings, projects, credentials, and sharding."""
