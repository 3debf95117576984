"""ReplicaSets as revisions of a Rollout: hashes, the new one, and their metadata. Sections 2 and 8."""
