"""The present configuration: read from files or a cluster, and loaded into the sandbox together with its status."""
