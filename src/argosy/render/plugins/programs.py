"""Programs of a repository that its owner lets run on their own machine: `argosy render --enable-exec`.

Nothing here is confined. Only a command that a user gives for their own directory may create such a workspace.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from argosy.render.files import FILE_LIMIT, ToolError
from argosy.render.local import LocalWorkspace
from argosy.sources.port import Tree

_SECONDS: Final = 90
_SAID: Final = 300
"""Characters of a failed program's output that are reported."""


class ProgramWorkspace(LocalWorkspace):
    """A workspace that also implements `render.files.Programs`: a program runs in its kustomization's directory."""

    def __init__(self, root: Path, tree: Tree, refs: Mapping[str, Tree] | None = None) -> None:
        super().__init__(tree, refs)
        self._root = root

    def run_program(self, directory: str, path: str, arguments: Sequence[str], data: bytes) -> bytes:
        where = self._root / directory
        name = str(where / path) if "/" in path else path
        try:
            done = subprocess.run(
                [name, *arguments], input=data, capture_output=True, cwd=where, timeout=_SECONDS, check=False
            )
        except OSError as error:
            raise ToolError(f"{path}: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise ToolError(f"{path}: still running after {_SECONDS} s, ended") from None
        if done.returncode:
            message = done.stderr.decode(errors="replace").strip()[-_SAID:]
            raise ToolError(f"{path}: exit status {done.returncode}" + (f": {message}" if message else ""))
        if len(done.stdout) > FILE_LIMIT:
            raise ToolError(f"{path}: answered more than {FILE_LIMIT} bytes")
        return done.stdout
