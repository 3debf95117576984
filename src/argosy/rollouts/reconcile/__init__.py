"""One turn of a Rollout: its inputs, and the writes and events of one upstream sync.

The order of the parts is behaviour (section 3): several turns converge like several upstream syncs, so that
users see the same states in the same order.
"""
