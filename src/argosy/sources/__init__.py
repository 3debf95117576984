"""Git, Helm repositories and OCI registries: what exists in the outside world, and writing back to it."""
