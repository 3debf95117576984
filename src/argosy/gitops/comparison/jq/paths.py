"""The subset of jq that most ignored differences need, evaluated here: paths, `|`, `,` and plain `select`s.

`.a.b[0]`, `.a[]?`, `.["a"]`, `.a[] | select(.x == "y") | .z`. Results and errors are jq's; any other expression
raises `UnsupportedExpression`, and is left to jq itself (answers.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from argosy.gitops.comparison.jq.delete_paths import JqError, Path
from argosy.machinery.objects import JsonValue

_TEXT = r'"([^"\\\x00-\x1f]*)"'
_STEP = re.compile(rf"(?:\.?\[{_TEXT}\]|\.?\[(-?\d{{1,9}})\]|(\.?\[\])|\.([A-Za-z_][A-Za-z_0-9]*)|\.{_TEXT})(\?)?")
_TEST = re.compile(r"^(?P<path>\.[^=!<>|]*?)\s*(?:(?P<op>==|!=)\s*(?P<value>.+))?$", re.DOTALL)
_TEXT_TEST = re.compile(
    rf"^(?P<path>\.[^|=!<>]*?)\s*\|\s*(?:(?P<word>startswith|endswith|contains)\({_TEXT}\)|test\(\"([A-Za-z0-9_/:-]+)\"\))$"
)
_LITERAL = re.compile(rf"{_TEXT}|-?\d{{1,9}}|true|false|null")

Found = tuple[Path, JsonValue]
Filter = Callable[[Found], Iterator[Found]]


class UnsupportedExpression(ValueError):
    """The expression is outside the supported subset of jq."""


class _Step(NamedTuple):
    at: str | int | None
    """None means each."""
    optional: bool


def paths(obj: JsonValue, expression: str) -> list[Path]:
    """`path(<expression>)`. Raises JqError, and UnsupportedExpression."""
    found: list[Path] = []
    try:
        found.extend(path for path, _ in compiled(expression)(((), obj)))
    except JqError as error:
        raise JqError(str(error), is_absence=error.is_absence and not found) from None
    return found


@lru_cache(maxsize=1024)
def compiled(expression: str) -> Filter:
    """`|` binds less tightly than `,`."""
    stages = [[_term(term) for term in _split(stage, ",")] for stage in _split(expression, "|")]

    def run(given: Found, at: int = 0) -> Iterator[Found]:
        if at == len(stages):
            yield given
            return
        for term in stages[at]:
            for found in term(given):
                yield from run(found, at + 1)

    return run


def _term(text: str) -> Filter:
    if text.startswith("select(") and _closes(text, len("select")):
        return _select(text[len("select(") : -1].strip())
    if text.startswith("(") and _closes(text, 0):
        return compiled(text[1:-1].strip())
    steps = _steps(text)
    return lambda given: _walk(given, steps)


def _closes(text: str, opening: int) -> bool:
    """Whether the parenthesis at `opening` is closed by the last character."""
    depth, quoted = 0, False
    for at, letter in enumerate(text):
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if not quoted and depth == 0 and at >= opening:
            return at == len(text) - 1
    return False


def _steps(text: str) -> tuple[_Step, ...]:
    if text == ".":
        return ()
    found: list[_Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (at == 0 and not text.startswith(".")):
            raise UnsupportedExpression(f"jq expression {text!r} is not supported at {text[at:]!r}")
        quoted, index, each, word, dotted, optional = match.groups()
        name = next((part for part in (quoted, word, dotted) if part is not None), None)
        found.append(_Step(None if each else int(index) if index is not None else name, bool(optional)))
        at = match.end()
    if not found:
        raise UnsupportedExpression("an empty jq expression is not supported")
    return tuple(found)


def _walk(given: Found, steps: tuple[_Step, ...]) -> Iterator[Found]:
    if not steps:
        yield given
        return
    (path, value), (at, optional) = given, steps[0]
    try:
        below = _each(value) if at is None else [(at, _item(value, at))]
    except JqError:
        if optional:
            return
        raise
    for key, item in below:
        yield from _walk(((*path, key), item), steps[1:])


def _each(value: JsonValue) -> list[tuple[Any, JsonValue]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return list(enumerate(value))
    raise JqError(f"Cannot iterate over {_kind(value)}", is_absence=value is None)


def _item(value: JsonValue, at: str | int) -> JsonValue:
    if value is None:
        return None
    if isinstance(value, dict) and isinstance(at, str):
        return value.get(at)
    if isinstance(value, list) and isinstance(at, int):
        return value[at] if -len(value) <= at < len(value) else None
    raise JqError(f"Cannot index {_kind(value)} with {_kind(at)}")


def _kind(value: JsonValue) -> str:
    names = {bool: "boolean", str: "string", int: "number", float: "number", list: "array", dict: "object"}
    return names.get(type(value), "null")


def _select(text: str) -> Filter:
    holds = _condition(text)
    return lambda given: (given for held in holds(given[1]) if held)


def _condition(text: str) -> Callable[[JsonValue], Iterator[bool]]:
    if match := _TEXT_TEST.match(text):
        steps, (_, word, given, tested) = _steps(match["path"]), match.groups()
        return lambda value: (_text_holds(word, found, tested or given) for _, found in _walk(((), value), steps))
    match = _TEST.match(text)
    if match is None:
        raise UnsupportedExpression(f"jq condition {text!r} is not supported")
    steps, operator = _steps(match["path"]), match["op"]
    if operator is None:
        return lambda value: (found is not None and found is not False for _, found in _walk(((), value), steps))
    if not _LITERAL.fullmatch(match["value"].strip()):
        raise UnsupportedExpression(f"jq condition {text!r} is not supported")
    literal = json.loads(match["value"])
    return lambda value: (_same(found, literal) is (operator == "==") for _, found in _walk(((), value), steps))


def _same(found: JsonValue, literal: JsonValue) -> bool:
    return found == literal and _kind(found) == _kind(literal)


def _text_holds(word: str | None, value: JsonValue, wanted: str) -> bool:
    if not isinstance(value, str):
        raise JqError(f"Cannot test {_kind(value)} for text")
    match word:
        case "startswith":
            return value.startswith(wanted)
        case "endswith":
            return value.endswith(wanted)
    return wanted in value


def _split(text: str, sign: str) -> list[str]:
    """At the top level, outside of quotes and brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += (letter in "([") - (letter in ")]")
            if letter == sign and depth == 0:
                parts.append(text[start:at].strip(" \t\r\n"))
                start = at + 1
    return [*parts, text[start:].strip(" \t\r\n")]
