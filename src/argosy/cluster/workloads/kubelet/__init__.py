"""Simulates a Node: Pods are pulled, started, probed and terminated according to rules."""
