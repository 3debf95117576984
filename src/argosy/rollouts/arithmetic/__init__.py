"""How many pods each ReplicaSet has, and the canary's share of the traffic. Pure numbers, exact to the rounding.

Source: spec/rollouts.md sections 5 and 6, and the recorded vectors. Counts are whole pods; weights are parts of the
largest traffic weight (100 unless the router has another).
"""
