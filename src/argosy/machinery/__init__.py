"""Pure Kubernetes algorithms: objects, patches, server-side-apply merge, selectors, quantities, tables, YAML.

Nothing here waits, reads a clock, draws a random number or opens a file; every function is (values) -> value.
Arguments are never mutated: results share what did not change.
"""
