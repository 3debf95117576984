"""Differences of JSON objects as people read them: a unified diff of their YAML.

The CLI and the page colour these lines; nothing here knows about colours or secrets (mask before).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.yaml import dump

LINE_LIMIT = 20_000
"""Above this many lines on one side the comparison would take seconds: both sides are then shown completely."""


def unified(
    before: JsonObject | None,
    after: JsonObject | None,
    *,
    names: tuple[str, str] = ("live", "desired"),
    context: int = 3,
) -> list[str]:
    """Lines without line ends: none if the objects are equal. None means an absent object.

    Keys are sorted on both sides, so that only content differs.
    """
    if before == after:
        return []
    old, new = _lines(before), _lines(after)
    if len(old) > LINE_LIMIT or len(new) > LINE_LIMIT:
        return [f"--- {names[0]}", f"+++ {names[1]}", *(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    return list(difflib.unified_diff(old, new, names[0], names[1], lineterm="", n=context))


def _lines(obj: JsonObject | None) -> list[str]:
    return [] if obj is None else dump(_sorted(obj)).splitlines()


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def changed_paths(before: JsonValue, after: JsonValue, path: str = "") -> Iterator[str]:
    """Where two values differ, as `spec.containers[0].image`: for events and logs, which show no values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            here = f"{path}.{key}" if path else key
            if key not in before or key not in after:
                yield here
            else:
                yield from changed_paths(before[key], after[key], here)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from changed_paths(old, new, f"{path}[{index}]")
    elif before != after or isinstance(before, bool) is not isinstance(after, bool):
        yield path
