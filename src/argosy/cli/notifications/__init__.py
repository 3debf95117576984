"""`argosy notifications`: templates and triggers tried out, who is subscribed, what was sent."""
