"""What a Promotion would do, step by step, with nothing pushed, sent or written to the cluster.

Steps that change files run for real in a directory of their own; git may fetch and commit there, and its pushes are
shown instead of sent. Steps with effects elsewhere report what they would do, and are assumed to succeed.
"""
