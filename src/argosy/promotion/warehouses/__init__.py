"""Warehouses: their subscriptions, the selection rules, and the Freight created from the selected artefacts."""
