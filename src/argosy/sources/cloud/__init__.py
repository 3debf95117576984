"""Cloud identities as credentials: AWS, Google and Azure."""
