"""`argosy keys`: the sealing keys of a cluster, listed, made, backed up encrypted, and restored."""
