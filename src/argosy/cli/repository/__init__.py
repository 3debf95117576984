"""`argosy repo|repocreds|cert|gpg ...`: how sources are reached and trusted, in Secrets and ConfigMaps."""
