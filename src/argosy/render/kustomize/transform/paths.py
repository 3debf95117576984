"""Paths of replacements and variables: `spec.containers.[name=web].image`, `metadata.annotations.[a.b/c]`, `args.0`.

As in kyaml: a path to read names one location; a path to write may name several, by `*` and by regular
expressions in `[key=pattern]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import re2

from argosy.machinery.objects import JsonValue
from argosy.render.files import ToolError
from argosy.render.kustomize.transform.scalars import text_of, value_of


class Slot(NamedTuple):
    """A container and the key or index in it: a location that can be read and written."""

    container: JsonValue
    key: str | int

    @property
    def value(self) -> JsonValue:
        return self.container[self.key]

    def put(self, value: JsonValue) -> None:
        self.container[self.key] = value


def split(path: str) -> list[str]:
    """Splits at dots, but not after a backslash or inside brackets; brackets around a map's key are removed."""
    words = _words(path)
    parts: list[str] = []
    while words:
        part = words.pop(0)
        if part.startswith("["):
            while words and not part.endswith("]"):
                part = f"{part}.{words.pop(0)}"
            if "=" not in part:
                part = part.strip("[]")
        parts.append(part)
    return parts


def _words(path: str) -> list[str]:
    words = path.split(".")
    words = words[1:] if len(words) > 1 and not words[0] else words
    found = words[:1]
    for word in words[1:]:
        if found[-1].endswith("\\"):
            found[-1] = f"{found[-1][:-1]}.{word}"
        else:
            found.append(word)
    return found


def with_indexes(parts: Sequence[str]) -> list[str]:
    """`containers[0]` as two parts, the way paths of `vars` are written."""
    found: list[str] = []
    for part in parts:
        name, bracket, index = part.partition("[")
        if bracket and name and index.endswith("]") and index[:-1].isdigit():
            found += [name, index[:-1]]
        else:
            found.append(part)
    return found


def look_up(obj: JsonValue, path: Sequence[str]) -> Slot | None:
    """The one location at a path, or None. Raises ToolError when a part cannot be followed at all."""
    slot: Slot | None = None
    value = obj
    for part in (word.strip() for word in path):
        if not part:
            continue
        slot = _step(value, part)
        if slot is None or (value := slot.value) is None:
            return None
    return slot


def _step(value: JsonValue, part: str) -> Slot | None:
    if part == "*":
        raise ToolError("a path to read from cannot have a wildcard")
    if part == "-" or part.lstrip("-").isdigit():
        items = _list(value, part)
        index = len(items) - 1 if part == "-" else int(part)
        if index < 0 and part != "-":
            raise ToolError(f"array index {part} cannot be negative")
        return Slot(items, index) if 0 <= index < len(items) else None
    if _is_condition(part):
        key, wanted = _condition(part)
        for index, item in enumerate(_list(value, part)):
            found = item if not key else item.get(key) if isinstance(item, dict) else None
            if found is not None and text_of(found) == wanted:
                return Slot(value, index)
        return None
    if not isinstance(value, dict):
        raise ToolError(f"path: {part!r} names a field, but there is {_shown(value)}")
    return Slot(value, part) if part in value else None


def find(obj: JsonValue, path: Sequence[str], *, create: JsonValue = None) -> list[Slot]:
    """Every location that the path matches. `create`: a value of the type that is created if nothing exists yet."""
    if not path:
        return []
    part, rest = path[0], path[1:]
    found: list[Slot] = []
    for slot in _places(obj, part, rest, create):
        if not rest:
            found.append(slot)
        else:
            found += find(slot.value, rest, create=create)
    return found


def _places(value: JsonValue, part: str, rest: Sequence[str], create: JsonValue) -> Iterator[Slot]:
    if part.isdigit():
        items = _list(value, part)
        if len(items) == int(part) and create is not None:
            items.append(_made(rest, create))
        if len(items) <= int(part):
            raise ToolError(f"index {part} specified but only {len(items)} elements found")
        yield Slot(items, int(part))
    elif _is_condition(part):
        yield from _matching(_list(value, part), part, rest, create)
    elif part == "*":
        items = _list(value, part)
        yield from (Slot(items, index) for index in range(len(items)))
    elif isinstance(value, dict):
        if value.get(part) is None and create is not None:
            value[part] = _made(rest, create)
        if part in value:
            yield Slot(value, part)
    else:
        raise ToolError(f"path: {part!r} names a field, but there is {_shown(value)}")


def _matching(items: list[JsonValue], part: str, rest: Sequence[str], create: JsonValue) -> Iterator[Slot]:
    key, text = _condition(part)
    try:
        pattern = re2.compile(text)
    except re2.error as error:
        raise ToolError(f"path: {part!r} has no regular expression: {error}") from None
    found = [index for index, item in enumerate(items) if _matches(item, key, pattern)]
    if not found and create is not None:
        value = value_of(text)
        items.append({key: value} if key else value)
        found = [len(items) - 1]
    yield from (Slot(items, index) for index in found)


def _matches(item: JsonValue, key: str, pattern: object) -> bool:
    if key and not (isinstance(item, dict) and key in item):
        return False
    value = item[key] if key else item
    return pattern.search(text_of(value)) is not None  # type: ignore[attr-defined]


def _made(rest: Sequence[str], create: JsonValue) -> JsonValue:
    """A container for the next part of the path; at the end, an empty one of the value's type."""
    if not rest:
        return {} if isinstance(create, dict) else [] if isinstance(create, list) else None
    return [] if _is_condition(rest[0]) or rest[0].isdigit() or rest[0] == "-" else {}


def _is_condition(part: str) -> bool:
    return part.startswith("[") and part.endswith("]")


def _condition(part: str) -> tuple[str, str]:
    key, separator, value = part[1:-1].partition("=")
    if not separator:
        raise ToolError(f"path: {part} should be [key=value]")
    return key, value


def _list(value: JsonValue, part: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise ToolError(f"path: {part!r} needs a list, but there is {_shown(value)}")
    return value


def _shown(value: JsonValue) -> str:
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)[:60]
