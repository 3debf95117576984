"""Vault issuers: `connection.py` gathers how a server is reached and signed in to, `ports.py` has the questions.

`issuers/vault.py` tells whether one is ready, `signing_flow/vault.py` has it sign.
"""
