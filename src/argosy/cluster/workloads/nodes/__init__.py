"""Nodes, their taints, and which Pod goes to which."""
