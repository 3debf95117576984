"""`argosy cluster list|get|add|set|rm`: the clusters that Applications go to, as Secrets of the control plane."""
