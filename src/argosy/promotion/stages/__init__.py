"""Stages: what Freight they hold, how healthy it is, whether it is verified, and what is promoted next."""
