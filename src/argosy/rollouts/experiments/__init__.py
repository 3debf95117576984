"""Experiments: ReplicaSets that run in parallel for a while, and the analyses that judge them. Section 12.

One turn creates or scales what the templates say, follows the AnalysisRuns, and computes the phase. An Experiment has
no status subresource: its status is written to the object itself.
"""
