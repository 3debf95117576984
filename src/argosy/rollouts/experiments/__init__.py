"""Experiments: ReplicaSets side by side for a while, and the analyses that judge them. Section 12.

One turn makes or scales what the templates say, follows the AnalysisRuns, and works out the phase. An Experiment has no
status subresource: its status is written to the object itself.
"""
