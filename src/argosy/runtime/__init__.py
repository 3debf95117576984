"""How a controller runs: client, informer cache, work queues, leases, events, and the ports for time and randomness.

A capability gets all its outside dependencies from here, as protocols with a real and a simulated adapter.
"""
