"""One way to start a program that is not trusted: it sees its input, its scratch and what its interpreter needs.

Used by everyone who starts one: workers that render (Helm, Jsonnet, Lua, jq), config-management plug-ins, git and what
git starts, gpg. The parent describes a `box.Box` and calls `start.start`; in the child `launcher` gives up everything
else, layer by layer, by what this kernel offers, and tells which of them hold (`layers`). Nothing but the standard
library is used here, and no program outside of it.
"""
