"""`argosy account ...`: the local accounts in `argocd-cm` and `argocd-secret`."""
