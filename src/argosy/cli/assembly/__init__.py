"""What a process is made of besides the rooms: installing, the API server, webhooks, metrics, traces, shells.

`argosy.cli.process` puts them together with all rooms, and is the only module that knows them all.
"""
