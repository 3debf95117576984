"""Identities of clouds as credentials: AWS, Google and Azure."""
