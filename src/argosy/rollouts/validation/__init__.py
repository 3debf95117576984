"""What makes the spec of a Rollout, or what it refers to, invalid: upstream's rules in upstream's words. Section 10."""
