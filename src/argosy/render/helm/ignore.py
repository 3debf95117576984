"""`.helmignore`: which of a chart's files Helm does not load. Read first, so that they are not even requested."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import re2

from argosy.render.globs import GlobError, by_segment

NAME: Final = ".helmignore"
_ALWAYS: Final = "templates/.?*"


class Ignored:
    """The rules of one file. `!` negates a rule, a final `/` limits it to directories."""

    def __init__(self, text: str = "") -> None:
        lines = [line.strip() for line in (*text.splitlines(), _ALWAYS)]
        rules = list(_rules(line for line in lines if line and not line.startswith("#")))
        self._negated = [rule for rule in rules if rule.negated]
        self._plain = [
            (directories_only, whole, pattern)
            for directories_only in (False, True)
            for whole in (False, True)
            for pattern in _together([rule.pattern for rule in rules if rule[1:] == (False, directories_only, whole)])
        ]

    def __call__(self, path: str, *, directory: bool) -> bool:
        """`path` relative to the chart. A file is left out by any one rule, so their order does not matter."""
        name = path.rpartition("/")[2]
        for directories_only, whole, pattern in self._plain:
            if (directory or not directories_only) and pattern.fullmatch(path if whole else name):
                return True
        return any(
            (directory or not rule.directories_only) and not rule.pattern.fullmatch(path if rule.whole else name)
            for rule in self._negated
        )


class _Rule(NamedTuple):
    pattern: Any
    negated: bool
    directories_only: bool
    whole: bool
    """It matches the path, not only the name."""


def _together(patterns: list[Any]) -> list[Any]:
    """One pattern that every file is matched with; separate ones if it would be too large."""
    if len(patterns) < 2:
        return patterns
    try:
        return [re2.compile("|".join(f"(?:{pattern.pattern})" for pattern in patterns))]
    except re2.error:
        return patterns


def _rules(lines: Iterable[str]) -> Iterable[_Rule]:
    for line in lines:
        negated = line.startswith("!")
        body = line.removeprefix("!")
        directories_only = body.endswith("/")
        body = body.rstrip("/")
        whole = "/" in body
        try:
            yield _Rule(by_segment(body.removeprefix("/")), negated, directories_only, whole)
        except GlobError:
            continue  # Helm reports what is wrong with it when it loads the chart
