"""JSONPath in the Kubernetes dialect: printer columns, `kubectl -o jsonpath` paths, scale paths.

Fields `.a.b`, `['a']`, `["a.b"]`; `[0]`, `[]` (the first), `[-1]`, `[1:3]`, `[0,2]`, `[*]`, `.*`; `..name`; filters
`[?(@.type=="Ready")]` with == != < <= > >= and bare existence. `\\.` in a name is a dot. A path may stand in braces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from argosy.machinery.objects import JsonValue

Step = Callable[[Iterable[JsonValue]], Iterator[JsonValue]]

_LIMIT = 65536
_NAME = re.compile(r"(?:\\.|[^.\[\]\\\s{}()'\"])+")
_BRACKET = re.compile(r"\[\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")\s*\]")
_INDEXES = re.compile(r"\[\s*(-?\d+(?:\s*,\s*-?\d+)*)\s*\]")
_SLICE = re.compile(r"\[\s*(-?\d*)\s*:\s*(-?\d*)\s*(?::\s*(-?\d*)\s*)?\]")
_FILTER = re.compile(r"\[\?\(\s*(.*?)\s*\)\]")
_COMPARISON = re.compile(r"(.*?)\s*(==|!=|<=|>=|<|>)\s*(.*)\Z")


class JsonPathError(ValueError):
    """The path cannot be parsed; the message names it."""


class JsonPath:
    """A compiled path."""

    def __init__(self, text: str, steps: tuple[Step, ...]) -> None:
        self.text = text
        self._steps = steps

    def find(self, value: JsonValue) -> list[JsonValue]:
        """All values at the path, in order; missing parts yield none."""
        values: Iterable[JsonValue] = (value,)
        for step in self._steps:
            values = step(values)
        return list(values)

    def first(self, value: JsonValue) -> JsonValue:
        """The first value, or None."""
        found = self.find(value)
        return found[0] if found else None


@lru_cache(maxsize=4096)
def compile_path(text: str) -> JsonPath:
    """`.spec.replicas`, `{.status.conditions[?(@.type=="Ready")].status}`. Raises JsonPathError."""
    if len(text) > _LIMIT:
        raise JsonPathError(f"a JSONPath may have {_LIMIT} characters at most")
    path = text.strip()
    if path.startswith("{") and path.endswith("}"):
        path = path[1:-1].strip()
    return JsonPath(text, tuple(_steps(path.removeprefix("$").removeprefix("@"), text)))


def _steps(path: str, whole: str) -> Iterator[Step]:
    at = 0
    while at < len(path):
        step, at = _step(path, at, whole)
        if step is not None:
            yield step


def _step(path: str, at: int, whole: str) -> tuple[Step | None, int]:
    if path.startswith("..", at):
        found = _NAME.match(path, at + 2)
        if found is None:
            raise _fault(whole, at)
        return _descend(_unescape(found[0])), found.end()
    if path[at] == ".":
        return _dotted(path, at, whole)
    if path[at] == "[":
        return _bracketed(path, at, whole)
    if at == 0 and (found := _NAME.match(path)):
        return _field(_unescape(found[0])), found.end()
    raise _fault(whole, at)


def _dotted(path: str, at: int, whole: str) -> tuple[Step | None, int]:
    if path.startswith(".*", at):
        return _all, at + 2
    found = _NAME.match(path, at + 1)
    if found is not None:
        return _field(_unescape(found[0])), found.end()
    if at + 1 == len(path) or path[at + 1] == "[":
        return None, at + 1
    raise _fault(whole, at)


def _bracketed(path: str, at: int, whole: str) -> tuple[Step, int]:
    if path.startswith("[*]", at):
        return _all, at + 3
    if (found := _BRACKET.match(path, at)) is not None:
        return _field(_unescape(found[1] if found[1] is not None else found[2])), found.end()
    if (found := _INDEXES.match(path, at)) is not None:
        return _indexes(tuple(int(part) for part in found[1].split(","))), found.end()
    if path.startswith("[]", at):
        return _indexes((0,)), at + 2  # client-go reads an empty index as the first one; existing definitions use it
    if (found := _SLICE.match(path, at)) is not None:
        return _slice(*(int(part) if part else None for part in found.groups())), found.end()
    if (found := _FILTER.match(path, at)) is not None:
        return _filter(found[1], whole), found.end()
    raise _fault(whole, at)


def _fault(whole: str, at: int) -> JsonPathError:
    return JsonPathError(f"{whole!r} is not a JSONPath: cannot read it from position {at}")


def _unescape(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _field(name: str) -> Step:
    def step(values: Iterable[JsonValue]) -> Iterator[JsonValue]:
        for value in values:
            if isinstance(value, dict) and name in value:
                yield value[name]

    return step


def _all(values: Iterable[JsonValue]) -> Iterator[JsonValue]:
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, dict):
            yield from (value[key] for key in sorted(value))


def _descend(name: str) -> Step:
    def walk(value: JsonValue) -> Iterator[JsonValue]:
        if isinstance(value, dict):
            if name in value:
                yield value[name]
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    return lambda values: (found for value in values for found in walk(value))


def _indexes(wanted: tuple[int, ...]) -> Step:
    def step(values: Iterable[JsonValue]) -> Iterator[JsonValue]:
        for value in values:
            if isinstance(value, list):
                yield from (value[index] for index in wanted if -len(value) <= index < len(value))

    return step


def _slice(*bounds: int | None) -> Step:
    if bounds[2] is not None and bounds[2] <= 0:
        raise JsonPathError("the step of a JSONPath slice must be positive")
    part = slice(*bounds)

    def step(values: Iterable[JsonValue]) -> Iterator[JsonValue]:
        for value in values:
            if isinstance(value, list):
                yield from value[part]

    return step


def _filter(condition: str, whole: str) -> Step:
    found = _COMPARISON.fullmatch(condition)
    left = _operand(found[1] if found else condition, whole)
    right = _operand(found[3], whole) if found else None
    operator = found[2] if found else ""

    def step(values: Iterable[JsonValue]) -> Iterator[JsonValue]:
        for value in values:
            if isinstance(value, list):
                yield from (item for item in value if _holds(left(item), operator, right(item) if right else []))

    return step


def _operand(text: str, whole: str) -> Callable[[JsonValue], list[JsonValue]]:
    if text.startswith(("@", "$", ".")):
        return compile_path(text).find
    literal = _literal(text, whole)
    return lambda _: [literal]


def _literal(text: str, whole: str) -> JsonValue:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return _unescape(text[1:-1])
    try:
        return json.loads(text)
    except ValueError:
        raise JsonPathError(f"{whole!r} is not a JSONPath: {text!r} is not a value") from None


def _holds(left: list[JsonValue], operator: str, right: list[JsonValue]) -> bool:
    if not operator:
        return bool(left)
    if len(left) != 1 or len(right) != 1:
        return False
    return _compare(left[0], operator, right[0])


def _compare(left: JsonValue, operator: str, right: JsonValue) -> bool:
    if operator in ("==", "!="):
        same = type(left) is type(right) or (_is_number(left) and _is_number(right))
        return (same and bool(left == right)) is (operator == "==")
    if not (_is_number(left) and _is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        return False
    order = (left > right) - (left < right)
    return bool({"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[operator])


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
