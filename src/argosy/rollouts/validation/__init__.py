"""Validates the spec of a Rollout, and what it refers to: upstream's rules in upstream's words. Section 10."""
