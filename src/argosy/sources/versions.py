"""Selects the version for a constraint: tags of a repository, versions of a chart, tags of an artifact. Pure.

The rules are machinery/semver.py's; here an invalid constraint or version is a result, not an error.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

from argosy.machinery import semver

LENGTH_LIMIT = 256


@functools.lru_cache(maxsize=4096)
def is_constraint(text: str) -> bool:
    """Whether the text is a valid constraint, including an exact version."""
    if not text.strip() or len(text) > LENGTH_LIMIT:
        return False
    try:
        semver.constraint(text)
    except semver.SemverError:
        return False
    return True


def is_exact(text: str) -> bool:
    """Whether the text names exactly one version: all three numbers are given."""
    return len(text) <= LENGTH_LIMIT and semver.is_version(text.removeprefix("v"), strict=True)


def matches(constraint: str, version: str) -> bool:
    """False as well when either is invalid."""
    if not is_constraint(constraint):
        return False
    try:
        return semver.matches(constraint, version)
    except semver.SemverError:
        return False


def highest(constraint: str, versions: Iterable[str]) -> str | None:
    """The newest of `versions` that matches, as it is written; None when none does or the constraint is invalid."""
    if not is_constraint(constraint):
        return None
    return semver.highest(constraint, [version for version in versions if len(version) <= LENGTH_LIMIT])
