"""`argosy cluster list|get|add|set|rm`: the clusters that Applications deploy to, as Secrets of the control plane."""
