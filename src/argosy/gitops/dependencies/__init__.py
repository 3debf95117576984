"""Applications that wait for others: `argosy.dev/depends-on`."""
