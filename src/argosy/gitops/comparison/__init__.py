"""Desired against live state: normalized, diffed, and what follows for the status of the Application."""
