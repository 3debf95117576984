"""What would happen, and what differs: nothing of it is written."""
