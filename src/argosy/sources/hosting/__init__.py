"""Small hosts of our own, for the demonstration and for rehearsal: an OCI registry and git repositories over HTTP.

They listen on loopback alone, keep what they have in memory or in a directory, and know no users.
"""
