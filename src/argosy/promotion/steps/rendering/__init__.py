"""Steps that render manifests, and steps that set what is rendered."""
