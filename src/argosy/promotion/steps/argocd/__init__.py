"""Steps that act on Applications."""
