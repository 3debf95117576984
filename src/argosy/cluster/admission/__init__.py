"""What may change or refuse a write after it was decoded, in upstream's order (spec 14)."""
