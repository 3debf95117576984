"""Simulates the inside of containers: a few commands, files, and HTTP on their ports.

There is no shell and no process: rules define what a command prints (docs/simulation.md); a handful of plain commands
without a rule answer from the Pod's own objects. Written files stay until the Pod is deleted.
"""
