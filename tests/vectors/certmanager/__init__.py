"""cert-manager's recorded decisions: one family for each file below data/cert-manager."""
