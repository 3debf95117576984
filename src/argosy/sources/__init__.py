"""Git, Helm repositories and OCI registries: reading from them, and writing back."""
