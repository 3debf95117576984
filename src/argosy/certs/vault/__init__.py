"""Vault issuers: `connection.py` gathers how to reach a server and log in to it, `ports.py` has the questions.

`issuers/vault.py` reports whether one is ready, `signing_flow/vault.py` signs with it.
"""
