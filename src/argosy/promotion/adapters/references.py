"""Reads a git repository's own files: which commit or branch is checked out, and where branches point.

Reading them here needs no process. No link is followed out of the repository, and anything in a form that git does
not write is None, which leaves the question to git. Blocking.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, TextIO

LONGEST: Final = 4096
PACKED: Final = "packed-refs"
_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF: Final = re.compile(r"refs/[^\s\\~^:?*\[\x00-\x20\x7f]+")


def repository_of(working_copy: Path) -> Path | None:
    """The bare repository that a working copy belongs to."""
    link = _text(working_copy / ".git")
    if not link.startswith("gitdir: "):
        return None
    own = Path(link.removeprefix("gitdir: "))
    return own.parents[1] if own.is_absolute() and own.parent.name == "worktrees" else None


def branch_of(working_copy: Path) -> str | None:
    """The branch that is checked out, without `refs/heads/`; empty if none is."""
    head = _head(working_copy)
    if head.startswith("ref: refs/heads/"):
        return head.removeprefix("ref: refs/heads/")
    return "" if _ID.fullmatch(head) else None


def commit_of(working_copy: Path) -> str | None:
    """The id of the commit that is checked out."""
    head, repository = _head(working_copy), repository_of(working_copy)
    if repository is None or not head.startswith("ref: "):
        return head if _ID.fullmatch(head) else None
    return commit_named(repository, head.removeprefix("ref: "))


def commit_named(repository: Path, ref: str) -> str | None:
    """The id in a full ref, such as `refs/heads/main`. None also if there is no such ref."""
    if not _REF.fullmatch(ref) or ".." in ref or ref.endswith((".lock", "/")):
        return None
    found = _text(repository / ref) or _packed(repository, ref)
    return found if _ID.fullmatch(found) else None


def _head(working_copy: Path) -> str:
    link = _text(working_copy / ".git")
    return _text(Path(link.removeprefix("gitdir: ")) / "HEAD") if repository_of(working_copy) else ""


def _packed(repository: Path, ref: str) -> str:
    try:
        with _opened(repository / PACKED) as lines:
            return next((line.split()[0] for line in lines if line.rstrip("\n").endswith(f" {ref}")), "")
    except (OSError, ValueError):
        return ""


def _text(file: Path) -> str:
    """The file's only line; empty if there is no such regular file."""
    try:
        with _opened(file) as opened:
            return opened.read(LONGEST).rstrip("\n")
    except (OSError, ValueError):
        return ""


def _opened(file: Path) -> TextIO:
    return os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK), encoding="utf-8")
