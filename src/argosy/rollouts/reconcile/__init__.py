"""One turn of a Rollout: what is seen, and the writes and events that one sync of upstream's would make of it.

The order of the parts is behaviour (section 3): several turns converge where upstream takes several syncs, so that
users see the same states in the same order.
"""
