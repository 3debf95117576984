"""How a controller runs: the client, the informer cache, work queues, leases, events, and the doors to time and chance.

Everything a capability needs of the world it gets from here, as a protocol with a real and a simulated adapter.
"""
