"""OCI registries (distribution specification 1.1): the client, and the names of what it reads and writes."""
