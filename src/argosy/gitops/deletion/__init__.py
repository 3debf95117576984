"""Deletes an Application: hooks, then its objects wave by wave, then its finalizer."""
