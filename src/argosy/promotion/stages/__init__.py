"""Stages: what Freight they hold, their health, whether it is verified, and what is promoted next."""
