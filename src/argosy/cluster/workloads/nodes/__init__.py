"""Nodes, their taints, and the scheduling of Pods."""
