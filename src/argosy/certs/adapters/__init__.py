"""What answers this room's questions."""
