"""What goes on inside of simulated containers: a few commands, files, and HTTP on their ports.

There is no shell and no process: rules say what a command prints (docs/simulation.md); what they leave out a handful of
plain commands answer from what the Pod's own objects say. What is written stays until the Pod goes.
"""
