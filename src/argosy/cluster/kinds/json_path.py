"""The part of JSONPath that printer columns, selectable fields and scale paths use, compiled once into a function.

Understands `.a.b`, `['a.b']`, `[0]`, `[-1]`, `[*]`, `.*` and filters `[?(@.type=="Ready")]` with ==, != and bare existence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from argosy.machinery.objects import JsonObject, JsonValue

Step: TypeAlias = Callable[[JsonValue], Iterable[JsonValue]]

_TOKEN = re.compile(
    r"""\.(?P<all>\*)
      | \.?(?P<name>(?:[^.\[\]\\]|\\.)+)
      | \[(?P<star>\*)\]
      | \[(?P<index>-?\d+)\]
      | \[(?P<quote>['"])(?P<quoted>.*?)(?P=quote)\]
      | \[\?\(\s*@(?P<path>[^=!<>]*?)\s*(?:(?P<operator>==|!=)\s*(?P<value>[^)]*?)\s*)?\)\]""",
    re.VERBOSE,
)
_LITERALS: dict[str, JsonValue] = {"true": True, "false": False, "null": None}


class BadPath(ValueError):
    """The text is no path of the supported kind."""


class JsonPath:
    """`find(obj)` gives all values at the path, in document order; none when something on the way is missing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps = _steps(text)

    def find(self, obj: JsonObject) -> list[JsonValue]:
        values: list[JsonValue] = [obj]
        for step in self._steps:
            values = [found for value in values for found in step(value)]
        return values

    def names(self) -> tuple[str, ...] | None:
        """The path as plain field names, or None when it has indexes, wildcards or filters."""
        found = _plain(self.text)
        return found if found is not None and len(found) == len(self._steps) else None


def _steps(text: str) -> tuple[Step, ...]:
    text = text.strip().removeprefix("{").removesuffix("}").removeprefix("$")
    steps, place = [], 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise BadPath(f"{text!r} cannot be read as a JSONPath at {text[place:]!r}")
        steps.append(_step(found))
        place = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["all"] or found["star"]:
        return _children
    if found["index"] is not None:
        index = int(found["index"])
        return lambda value: _element(value, index)
    if found["quoted"] is not None:
        quoted = found["quoted"]
        return lambda value: _member(value, quoted)
    if found["name"] is not None:
        name = re.sub(r"\\(.)", r"\1", found["name"])
        return lambda value: _member(value, name)
    return _filter(found["path"] or "", found["operator"] or "", found["value"] or "")


def _member(value: JsonValue, name: str) -> Iterable[JsonValue]:
    return (value[name],) if isinstance(value, dict) and name in value else ()


def _element(value: JsonValue, index: int) -> Iterable[JsonValue]:
    return (value[index],) if isinstance(value, list) and -len(value) <= index < len(value) else ()


def _children(value: JsonValue) -> Iterable[JsonValue]:
    if isinstance(value, list):
        return value
    return [value[key] for key in sorted(value)] if isinstance(value, dict) else ()


def _filter(path: str, operator: str, literal: str) -> Step:
    inner = JsonPath(path)
    wanted = _literal(literal)

    def keep(item: JsonValue) -> bool:
        found = inner.find(item) if isinstance(item, dict) or not path else []
        if not operator:
            return bool(found)
        return any((value == wanted) is (operator == "==") for value in found)

    return lambda value: [item for item in _children(value) if keep(item)]


def _literal(text: str) -> JsonValue:
    if text[:1] in ("'", '"') and text[-1:] == text[:1]:
        return text[1:-1]
    if text in _LITERALS:
        return _LITERALS[text]
    try:
        return int(text)
    except ValueError:
        return text


def _plain(text: str) -> tuple[str, ...] | None:
    if any(mark in text for mark in "*?@"):
        return None
    names = []
    for found in _TOKEN.finditer(text.strip().removeprefix("{").removesuffix("}").removeprefix("$")):
        if found["index"] is not None:
            return None
        names.append(found["quoted"] if found["quoted"] is not None else re.sub(r"\\(.)", r"\1", found["name"] or ""))
    return tuple(names)
