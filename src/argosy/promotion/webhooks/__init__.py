"""Deliveries of hosts and registries: who sent them, what they tell, and whom that concerns."""
