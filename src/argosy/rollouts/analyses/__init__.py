"""The AnalysisRuns of a Rollout: arguments, names and labels, which are current, which are deleted. Section 11.1."""
