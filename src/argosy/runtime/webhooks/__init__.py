"""Admission webhooks on a real cluster: one HTTPS server, and its certificates."""
