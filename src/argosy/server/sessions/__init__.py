"""Sign-in: local accounts and their passwords, tokens and what makes them invalid, cookies, and providers of others."""
