"""`argosy admin ...`: commands for administrators that need a kubeconfig but no sign-in to Argo CD's API."""
