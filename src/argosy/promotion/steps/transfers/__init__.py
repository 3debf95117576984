"""Steps that send and fetch: HTTP and OCI registries."""
