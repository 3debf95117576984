"""What the commands of `kubectl argo rollouts` write: pure patches. Section 13. The command line applies them."""
