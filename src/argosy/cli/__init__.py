"""The `argosy` command: parses, asks the same API as everyone, prints. No rule of the domain lives here.

`main` is the entry; `commands` is the table of commands, whose flags are declared in `arguments` beside each command's
modules. Those are imported when the command runs, so that `argosy --help` and `argosy version` start at once.
`process` puts a process together of `assembly`, `rooms` and `outside`; black-box tools reach the last by its name.
"""
