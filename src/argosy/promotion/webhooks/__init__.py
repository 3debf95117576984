"""Webhook deliveries of Git hosts and registries: their sender, their meaning, and what they concern."""
