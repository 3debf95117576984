"""The `argosy` command: parses, asks the same API as everyone, prints. No rule of the domain lives here.

`main` is the entry; `commands` holds names and flags; each command's module is imported when it runs, so that
`argosy --help` and `argosy version` start at once. `process` is the one place that wires all rooms together.
"""
