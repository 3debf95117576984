"""Starts untrusted programs in a sandbox: they see only their input, their scratch and what their interpreter needs.

Used for all of them: workers that render (Helm, Jsonnet, Lua, jq), config-management plug-ins, git and its child
processes, gpg. The parent describes a `box.Box` and calls `start.start`; in the child `launcher` drops everything
else, layer by layer, as far as this kernel supports it, and reports which layers are active (`layers`). Only the
standard library is used here, and no external program.
"""
