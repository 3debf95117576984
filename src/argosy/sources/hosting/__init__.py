"""Small built-in servers, for the demonstration and for rehearsal: an OCI registry and git repositories over HTTP.

They listen on loopback only, store data in memory or in a directory, and have no authentication.
"""
