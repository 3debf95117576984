"""Stand-ins for the outside world. They note each assumption, and each message that would have been sent."""
