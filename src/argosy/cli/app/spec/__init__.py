"""Builds an Application's spec from flags."""
