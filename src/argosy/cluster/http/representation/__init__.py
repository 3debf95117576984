"""Bodies and answers: JSON, YAML, protobuf and tables, and which of them a request gets."""
