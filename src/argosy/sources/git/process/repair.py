"""Cleans up after a killed process: locks, damaged mirrors, private files of an operation.

A mirror belongs to one process, and one fetch at a time runs in it; so a lock that git finds was left by a git that was
killed. A mirror is a cache: one that git reports as damaged is created again.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from argosy.sources.git.process.private import PREFIX

_LOCKED = re.compile(r"\.lock'?: File exists|\.lock' exists", re.IGNORECASE)
_DAMAGED = re.compile(
    r"is corrupt|bad object|bad config|not a valid object|unable to read tree|unresolved deltas"
    r"|inflate: data stream error|not a git repository|missing (?:blob|tree|commit)|object file .* is empty",
    re.IGNORECASE,
)


def repaired(mirror: Path, errors: str) -> bool:
    """Whether something was repaired, so that the same command is worth a retry."""
    if _LOCKED.search(errors):
        for lock in [*mirror.glob("*.lock"), *(mirror / "refs").rglob("*.lock")]:
            lock.unlink(missing_ok=True)
        return True
    if _DAMAGED.search(errors):
        shutil.rmtree(mirror, ignore_errors=True)
        return True
    return False


def remove_halves(mirror: Path) -> None:
    """Incomplete packs of a git process that was stopped; only while no other git writes there."""
    for half in (mirror / "objects" / "pack").glob("tmp_*"):
        half.unlink(missing_ok=True)


def sweep(directory: Path) -> None:
    """Removes orphaned private directories: keys and configuration files of killed operations."""
    for left in directory.glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def drop_reports(mirror: Path) -> None:
    """The crash report of fast-import when it fails: the commands that it was given."""
    for report in mirror.glob("fast_import_crash_*"):
        report.unlink(missing_ok=True)
