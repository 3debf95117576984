"""What repositories and registries tell when something was pushed: read, checked, and turned into refreshes."""
