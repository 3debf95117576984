"""The AnalysisRuns of a Rollout: their arguments, names and labels, which are current, which go. Section 11.1."""
