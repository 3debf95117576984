"""What a Promotion would do, step by step, with nothing pushed, sent or written to the cluster.

Steps that change files run for real in a directory of their own; git may fetch and commit there, and what it would push
is shown instead. Steps whose effects are elsewhere tell what they would do, and are taken to succeed.
"""
