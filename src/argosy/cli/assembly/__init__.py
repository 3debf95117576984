"""Which parts a process is made of: the API server, controllers, webhooks, metrics and the outside world.

`process` wires all rooms together, and is the only module that knows them all.
"""
