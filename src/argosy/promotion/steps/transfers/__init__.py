"""Steps that upload and download: HTTP and OCI registries."""
