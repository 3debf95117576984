"""Text that people and tools write: YAML, JSONPath, Go's spellings, unified diffs."""
