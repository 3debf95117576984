"""jq's `delpaths`: deletes what paths point to. Unchanged parts are shared."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import groupby
from typing import Any

Path = tuple[Any, ...]


class JqError(ValueError):
    """jq's own error. `is_absence`: it iterates over an absent value, which is like a missing path."""

    def __init__(self, text: str, *, is_absence: bool = False) -> None:
        super().__init__(text)
        self.is_absence = is_absence


def without_paths(value: Any, paths: Iterable[Path]) -> Any:
    """The value itself if the paths point to nothing, None if one points to all of it. Raises JqError."""
    ordered = sorted(paths, key=lambda path: [_order(step) for step in path])
    if not ordered:
        return value
    return _without(value, ordered) if ordered[0] else None


def _without(value: Any, paths: list[Path]) -> Any:
    """As jq: step by step in order, deeper paths at once and complete fields and items at the end, together."""
    if value is None:
        return None
    gone: list[Any] = []
    result = value
    for step, same in groupby(paths, key=lambda path: path[0]):
        group = list(same)
        if len(group[0]) == 1:
            gone.append(step)
            continue
        old = _at(result, step)
        below = _without(old, [path[1:] for path in group])
        if below is not old:
            result = _with(result, step, below)
    return _without_steps(result, gone) if gone else result


def _at(value: Any, step: Any) -> Any:
    match value, step:
        case dict(), str():
            return value.get(step)
        case list(), int() | float():
            return value[at] if (at := _index(step, value)) is not None else None
        case list(), dict():
            return value[_slice(step, value)]
    raise JqError("Cannot delete a field or item that the value cannot have")


def _with(value: Any, step: Any, below: Any) -> Any:
    if isinstance(value, dict):
        return {**value, step: below}
    place = _slice(step, value) if isinstance(step, dict) else slice(at := _index(step, value) or 0, at + 1)
    made = list(value)
    made[place] = below if isinstance(step, dict) else [below]
    return made


def _without_steps(value: Any, steps: list[Any]) -> Any:
    if isinstance(value, dict) and all(isinstance(step, str) for step in steps):
        names = {step for step in steps if step in value}
        return {key: item for key, item in value.items() if key not in names} if names else value
    if isinstance(value, list) and not any(isinstance(step, str) for step in steps):
        places: set[int] = set()
        for step in steps:
            if isinstance(step, dict):
                places |= set(range(*_slice(step, value).indices(len(value))))
            elif (at := _index(step, value)) is not None:
                places.add(at)
        return [item for at, item in enumerate(value) if at not in places] if places else value
    raise JqError("Cannot delete a field or item that the value cannot have")


def _index(step: float, value: list[Any]) -> int | None:
    at = math.floor(step) + (len(value) if step < 0 else 0)
    return at if 0 <= at < len(value) else None


def _slice(step: dict[str, Any], value: list[Any]) -> slice:
    start, end = step.get("start"), step.get("end")
    first = _bound(start, 0, len(value))
    return slice(first, max(first, _bound(math.ceil(end) if end is not None else None, len(value), len(value))))


def _bound(given: float | None, default: int, length: int) -> int:
    if given is None:
        return default
    at = math.floor(given)
    return min(max(at + length if at < 0 else at, 0), length)


def _order(step: Any) -> tuple[int, Any]:
    """In jq's sort order: numbers, text, objects."""
    if isinstance(step, str):
        return 1, step
    if isinstance(step, dict):
        return 2, [(step.get(name) is not None, step.get(name) or 0) for name in ("end", "start")]
    return 0, step
