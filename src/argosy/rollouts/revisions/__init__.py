"""ReplicaSets as revisions of a Rollout: their hash, which one is the new one, and what they carry. Sections 2 and 8."""
