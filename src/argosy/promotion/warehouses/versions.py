"""Tags as versions: parsed strictly or leniently, constrained, newest first.

Source: spec/kargo.md 4.1. The original text is kept; equal versions are sorted by it, descending.
"""

from __future__ import annotations

from collections.abc import Iterable

from argosy.machinery import semver
from argosy.machinery.semver import Constraint, Version


class SelectionError(ValueError):
    """A subscription's rules are invalid; the text says which part of them and why."""


class FilterFault(ValueError):
    """A filter's expression failed on a discovered artefact."""


def parsed(tag: str, *, strict: bool) -> Version | None:
    """Strict: all three numbers, after an optional `v`. Lenient: `1`, `v1.2` and leading zeros too."""
    if not tag or tag != tag.strip():
        return None
    try:
        return semver.parse(tag.removeprefix("v") if strict else tag, strict=strict)
    except semver.SemverError:
        return None


def constraint(text: str, subject: str = "") -> Constraint | None:
    """None if there is no constraint at all."""
    if not text:
        return None
    try:
        return semver.constraint(text)
    except semver.SemverError:
        raise SelectionError(f'error parsing semver constraint "{text}": improper constraint: "{text}"') from None


def newest_first(tags: Iterable[str], wanted: Constraint | None, *, strict: bool) -> list[str]:
    found = [(version, tag) for tag in tags if (version := parsed(tag, strict=strict)) is not None]
    chosen = [(version, tag) for version, tag in found if wanted is None or wanted.matches(version)]
    chosen.sort(key=lambda one: (one[0], one[1]), reverse=True)
    return [tag for _, tag in chosen]
