"""Argosy: one GitOps control plane behind the Kubernetes resources you already have."""

__version__ = "0.1.0"
