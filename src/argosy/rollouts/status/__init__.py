"""The status of a Rollout: conditions, phase and message, pauses, numbers, durations. Sections 4, 7 and 9."""
