"""Sign-in: local accounts with passwords, tokens and their revocation, cookies, and external providers."""
