"""`argosy proj ...`: AppProjects, their lists, roles, tokens and sync windows, through the Kubernetes API alone."""
