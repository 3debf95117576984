"""Paths of replacements: `spec.containers.[name=web].image`, `metadata.annotations.a\\.b`, `spec.args.0`, `*`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from argosy.machinery.objects import JsonValue
from argosy.render.files import ToolError

Slot = tuple[JsonValue, str | int]
"""A container and the key or index in it: a place that can be read and written."""


def split(path: str) -> list[str]:
    """At dots, but not inside `[...]` nor after a backslash."""
    parts, current, depth, escaped = [], "", 0, False
    for character in path:
        if escaped:
            current, escaped = current + character, False
        elif character == "\\":
            escaped = True
        elif character == "." and depth == 0:
            parts.append(current)
            current = ""
        else:
            depth += {"[": 1, "]": -1}.get(character, 0)
            current += character
    parts.append(current)
    return [part for part in parts if part]


def look_up(obj: JsonValue, path: Sequence[str]) -> JsonValue | None:
    """The single value at a path, or None."""
    slots = list(find(obj, path, create=None))
    return slots[0][0][slots[0][1]] if slots else None


def find(obj: JsonValue, path: Sequence[str], create: Callable[[], JsonValue] | None) -> Iterator[Slot]:
    """Every place the path leads to; missing map keys on the way are made when `create` gives the last one's value."""
    if not path:
        return
    part, rest = path[0], path[1:]
    for container, key in _step(obj, part, rest, create):
        if not rest:
            yield container, key
        else:
            yield from find(container[key], rest, create)


def _step(obj: JsonValue, part: str, rest: Sequence[str], create: Callable[[], JsonValue] | None) -> Iterator[Slot]:
    if isinstance(obj, list):
        yield from _in_list(obj, part, rest, create)
    elif isinstance(obj, dict):
        if part == "*":
            yield from ((obj, key) for key in list(obj))
            return
        if obj.get(part) is None and create is not None:
            obj[part] = _container(rest) if rest else create()
        if part in obj:
            yield obj, part


def _container(rest: Sequence[str]) -> JsonValue:
    return [] if rest[0].startswith("[") or rest[0] == "-" else {}


def _in_list(
    items: list[JsonValue], part: str, rest: Sequence[str], create: Callable[[], JsonValue] | None
) -> Iterator[Slot]:
    if part == "*":
        yield from ((items, index) for index in range(len(items)))
    elif part.startswith("[") and part.endswith("]"):
        yield from _by_key(items, part[1:-1], rest, create)
    elif part == "-" and create is not None:
        items.append(_container(rest) if rest else create())
        yield items, len(items) - 1
    elif part.lstrip("-").isdigit():
        if -len(items) <= int(part) < len(items):
            yield items, int(part)
    else:
        # A field of every element, as field specifications pass through lists.
        for item in items:
            if isinstance(item, dict):
                yield from _step(item, part, rest, create)


def _by_key(
    items: list[JsonValue], condition: str, rest: Sequence[str], create: Callable[[], JsonValue] | None
) -> Iterator[Slot]:
    key, separator, wanted = condition.partition("=")
    if not separator:
        raise ToolError(f"replacement path: [{condition}] should be [key=value]")
    found = [index for index, item in enumerate(items) if _matches(item, key, wanted)]
    if not found and create is not None:
        items.append({key: wanted} if key else wanted)
        found = [len(items) - 1]
    yield from ((items, index) for index in found)


def _matches(item: JsonValue, key: str, wanted: str) -> bool:
    value = item if not key else item.get(key) if isinstance(item, dict) else None
    return value is not None and _text(value) == wanted


def _text(value: JsonValue) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
