"""`argosy admin ...`: what administrators ask over a kubeconfig, without signing in to Argo CD's API."""
