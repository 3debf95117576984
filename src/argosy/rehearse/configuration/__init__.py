"""The present configuration: read from files or from a cluster, and put into the copy with what it has come to."""
