"""Promotions: moving one piece of Freight into one Stage, step by step."""
