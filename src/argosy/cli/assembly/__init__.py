"""The parts of a process other than the rooms: installing, the API server, webhooks, metrics, traces, shells.

`argosy.cli.process` combines them with all rooms; no other module knows all of them.
"""
