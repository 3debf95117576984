"""The `argosy` command: parses arguments, calls the API, prints. It contains no domain rules.

`main` is the entry point; `commands` is the table of commands; their flags are declared in an `arguments` module of
each command. A command's modules are imported when it runs, so that `argosy --help` and `argosy version` start fast.
`process` assembles a process from `assembly`, `rooms` and `outside`; black-box tools import it by this name.
"""
