"""What flags say of an Application's spec."""
