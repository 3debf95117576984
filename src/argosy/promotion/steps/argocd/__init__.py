"""Steps that hand over to Applications."""
