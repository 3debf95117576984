"""Warehouses: what they subscribe to, what of it is chosen, and the Freight that is made of it."""
