"""What the commands of `kubectl argo rollouts` write: patches, pure. Section 13. The command line carries them out."""
