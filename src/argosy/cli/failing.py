"""How commands fail: one line on standard error and an exit code for scripts (docs/cli.md)."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of upstream's `argocd`: spec argo-cd-api.md 9.1."""

    OK = 0
    FAILED = 1
    """Wrong usage, a refused start, or a failed sync; for `app diff`: there are differences."""
    DIFF_USAGE = 2
    """`app diff` only: wrong usage."""
    CALL_FAILED = 20
    """The API server refused or did not answer, a wait timed out, or health became Degraded."""


class CommandError(Exception):
    """Printed as one line: which value is wrong, and what would be right."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
