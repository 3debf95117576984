"""The part of jq that says which fields to delete: `.a.b[0]`, `.a[]`, `.a["b"]`, `.a[] | select(.x == "y")`, commas.

Anything else is refused by name, and its rule is shown and ignored, as upstream does with an expression that fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from argosy.machinery.objects import JsonObject, JsonValue

_STEP = re.compile(r'\.?\["((?:[^"\\]|\\.)*)"\]|\.?\[(-?\d+)\]|\.?\[\]|\.([A-Za-z_]\w*)|\."((?:[^"\\]|\\.)*)"')
_TEST = re.compile(r"^(?P<path>\.[^=!<>|]*?)\s*(?:(?P<op>==|!=)\s*(?P<value>.+))?$", re.DOTALL)
_TEXT_TEST = re.compile(r'^(?P<path>\.[^|]*?)\s*\|\s*(?P<word>test|startswith|endswith|contains)\("(?P<text>[^"]*)"\)$')
EACH: Any = object()

Path = tuple[Any, ...]


class UnsupportedExpression(ValueError):
    """The expression is outside the part of jq that is understood here."""


def deleted(obj: JsonObject, expression: str) -> JsonObject:
    """The object without what the expression leads to; the object itself if that is nothing."""
    result: JsonValue = obj
    for steps in _compiled(expression):
        result = _without(result, steps)
    return result if isinstance(result, dict) else obj


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> tuple[Path, ...]:
    return tuple(_alternative(part) for part in _split(expression, ","))


def _alternative(text: str) -> Path:
    steps: list[Any] = []
    for part in _split(text, "|"):
        if part.startswith("select(") and part.endswith(")"):
            steps.append(_condition(part[len("select(") : -1].strip()))
        else:
            steps += _steps(part)
    return tuple(steps)


def _steps(text: str) -> list[Any]:
    inner = text.strip()
    while inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1].strip()
    if "|" in inner:
        return list(_alternative(inner))
    found, at, inner = [], 0, inner.rstrip("?")
    while at < len(inner):
        match = _STEP.match(inner, at)
        if match is None:
            raise UnsupportedExpression(f"jq expression {text!r} is not supported at {inner[at:]!r}")
        quoted, index, word, dotted = match.groups()
        found.append(_step(quoted if quoted is not None else dotted, index, word))
        at = match.end()
    return found


def _step(quoted: str | None, index: str | None, word: str | None) -> Any:
    if quoted is not None:
        return json.loads(f'"{quoted}"')
    if index is not None:
        return int(index)
    return EACH if word is None else word


def _condition(text: str) -> Callable[[JsonValue], bool]:
    if match := _TEXT_TEST.match(text):
        steps, word, wanted = _steps(match["path"]), match["word"], match["text"]
        return lambda value: _text_holds(word, _lookup(value, steps), wanted)
    match = _TEST.match(text)
    if match is None:
        raise UnsupportedExpression(f"jq condition {text!r} is not supported")
    steps, operator = _steps(match["path"]), match["op"]
    if operator is None:
        return lambda value: _lookup(value, steps) not in (None, False)
    try:
        literal = json.loads(match["value"])
    except ValueError:
        raise UnsupportedExpression(f"jq condition {text!r} is not supported") from None
    return lambda value: (_lookup(value, steps) == literal) is (operator == "==")


def _text_holds(word: str, value: JsonValue, wanted: str) -> bool:
    if not isinstance(value, str):
        return False
    if word == "test":
        return re.search(re.escape(wanted), value) is not None if len(wanted) > 200 else wanted in value
    return {"startswith": value.startswith, "endswith": value.endswith, "contains": value.__contains__}[word](wanted)


def _lookup(value: JsonValue, steps: list[Any]) -> JsonValue:
    for step in steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


_GONE = object()


def _without(value: JsonValue, steps: Path) -> Any:
    if not steps:
        return _GONE
    step: Any = steps[0]
    rest = steps[1:]
    if callable(step):
        return _without(value, rest) if step(value) else value
    if isinstance(value, dict) and (step is EACH or isinstance(step, str)):
        keys = list(value) if step is EACH else [step] if step in value else []
        changes = {key: _without(value[key], rest) for key in keys}
        if all(changes[key] is value[key] for key in keys):
            return value
        return {key: item for key, old in value.items() if (item := changes.get(key, old)) is not _GONE}
    if isinstance(value, list) and (step is EACH or isinstance(step, int)):
        chosen = range(len(value)) if step is EACH else [step % len(value)] if -len(value) <= step < len(value) else []
        items = [_without(item, rest) if at in chosen else item for at, item in enumerate(value)]
        if all(new is old for new, old in zip(items, value, strict=True)):
            return value
        return [item for item in items if item is not _GONE]
    return value


def _split(text: str, sign: str) -> list[str]:
    """At the top level, outside of quotes and brackets."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, letter in enumerate(text):
        if letter == '"' and text[at - 1 : at] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (letter in "([") - (letter in ")]")
            if letter == sign and depth == 0:
                parts.append(text[start:at].strip())
                start = at + 1
    return [*parts, text[start:].strip()]
