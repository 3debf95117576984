"""Compares an Application the way the controllers do, and prints the differences."""
