"""This process's own identity in a cloud as credentials of that cloud's registries: AWS, Google and Azure."""
