"""Steps that render manifests, and set what is rendered."""
