"""Compares desired and live state: normalizes, diffs, and computes the Application's status."""
