"""Clients that wrap another client: counting, fencing, recording, faults, and impersonation."""
