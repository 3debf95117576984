"""Text that people and tools write: YAML, JSONPath, Go's formats, unified diffs."""
