"""What one recorded vector came to, for whichever family."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    family: str
    name: str
    passed: bool
    detail: str = ""
    not_run: bool = False
    """Nothing here can replay it, as `detail` says: neither passed nor failed."""


def not_run(family: str, name: str, why: str) -> Outcome:
    return Outcome(family, name, passed=False, detail=why, not_run=True)


def without(family: str, name: str, error: FileNotFoundError | ValueError) -> Outcome:
    """A vector of which one file is not in the part that was given, or holds nothing of its kind."""
    if isinstance(error, ValueError):
        return not_run(family, name, f"cannot be read: {error}")
    return not_run(family, name, f"lacks {Path(error.filename).name}, which is not given")


def unreadable(family: str, error: ValueError | KeyError | TypeError) -> Outcome:
    """A file without cases: the other files of its family continue."""
    return not_run(family, "", f"cannot be read: {type(error).__name__} {' '.join(str(error).split())[:200]}")
