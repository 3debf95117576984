"""Validation of built-in kinds in Kubernetes' words (kinds sheet 2.5): pure functions from objects to causes."""
