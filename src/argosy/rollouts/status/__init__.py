"""What the status of a Rollout says: conditions, phase and message, pauses, numbers, durations. Sections 4, 7 and 9."""
