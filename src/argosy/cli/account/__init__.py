"""`argosy account ...`: local accounts as `argocd-cm` and `argocd-secret` have them."""
