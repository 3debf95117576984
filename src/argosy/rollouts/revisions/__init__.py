"""ReplicaSets as revisions of a Rollout: hash, which one is the new one, what they carry. Sections 2 and 8."""
