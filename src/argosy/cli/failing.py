"""How a command ends badly: one line on standard error and an exit code that scripts can rely on (docs/cli.md)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """As upstream's `argocd`: spec argo-cd-api.md 9.1."""

    OK = 0
    FAILED = 1
    """Wrong usage, a refused start, a sync that did not succeed; `app diff`: there are differences."""
    DIFF_USAGE = 2
    """`app diff` only: wrong usage."""
    CALL_FAILED = 20
    """The API server refused or did not answer, a wait ran out of time, health turned Degraded."""


class CommandError(Exception):
    """Shown as one line: what is wrong with which value, and what would be right."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
