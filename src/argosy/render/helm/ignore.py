"""`.helmignore`: which of a chart's files Helm does not load. Read first, so that they are not even asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from argosy.render.globs import GlobError, by_segment

NAME: Final = ".helmignore"
_ALWAYS: Final = "templates/.?*"


class Ignored:
    """The rules of one file. `!` turns a rule round, a final `/` limits it to directories."""

    def __init__(self, text: str = "") -> None:
        lines = [line.strip() for line in (*text.splitlines(), _ALWAYS)]
        self._rules = list(_rules(line for line in lines if line and not line.startswith("#")))

    def __call__(self, path: str, *, directory: bool) -> bool:
        """`path` relative to the chart."""
        for pattern, negated, directories_only, whole in self._rules:
            if directories_only and not directory:
                continue
            matches = pattern.fullmatch(path if whole else path.rpartition("/")[2]) is not None
            if matches != negated:
                return True
        return False


def _rules(lines: Iterable[str]) -> Iterable[tuple[Any, bool, bool, bool]]:
    for line in lines:
        negated = line.startswith("!")
        body = line.removeprefix("!")
        directories_only = body.endswith("/")
        body = body.rstrip("/")
        whole = "/" in body
        try:
            yield by_segment(body.removeprefix("/")), negated, directories_only, whole
        except GlobError:
            continue  # Helm, loading the chart, says what is wrong with it
