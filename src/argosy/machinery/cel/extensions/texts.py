"""Texts and regular expressions (cel-go ext/strings v2, apiserver pkg/cel/library/regex)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

from argosy.machinery.cel.conversions import text_of
from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.functions import OUTPUT_LIMIT, no_overload, pattern
from argosy.machinery.cel.overloads import (
    MATCHED,
    REPLACED,
    SPLIT,
    TRAVERSAL,
    UNIT,
    Library,
    Price,
    traversal,
)
from argosy.machinery.cel.types import (
    DYN,
    INT,
    STRING,
    Type,
    list_of,
)
from argosy.machinery.cel.values import NONE, size_of


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise CelError(f"index out of range: {index}")
    return text[index : index + 1]


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    if not 0 <= stop <= len(text):
        raise CelError(f"index out of range: {stop}")
    if start > stop:
        raise CelError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def _find_text(text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    return text.find(part, start)


def _find_last(text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if not 0 <= start <= len(text):
        raise CelError(f"index out of range: {start}")
    return text.rfind(part, 0, start + len(part))


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    found = text.count(old) if limit < 0 else min(text.count(old), limit)
    if len(text) + found * len(new) > OUTPUT_LIMIT:
        raise CelError(f"the result is longer than {OUTPUT_LIMIT} characters")
    return text.replace(old, new, limit)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if limit == 1:
        return [text]
    if not separator:
        parts = list(text)
        return parts if limit < 0 or len(parts) <= limit else [*parts[: limit - 1], "".join(parts[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


def _join(items: list[str], separator: str = "") -> str:
    if not all(isinstance(item, str) for item in items):
        raise no_overload()
    if sum(map(len, items)) + len(items) * len(separator) > OUTPUT_LIMIT:
        raise CelError(f"the result is longer than {OUTPUT_LIMIT} characters")
    return separator.join(items)


_JOINED = Price(
    lambda arguments, result: -(-size_of(result) * 2 // 10),
    lambda sizes: (sizes[0].scaled(2 * TRAVERSAL), None),
)
_ASCII_LOW = {code: code + 32 for code in range(65, 91)}
_ASCII_HIGH = {code: code - 32 for code in range(97, 123)}


def add_texts(library: Library) -> None:
    walk, text, count = traversal(keeps=True), STRING, INT
    table: tuple[tuple[str, tuple[Type, ...], Type, Callable[..., Any], Price], ...] = (
        ("charAt", (text, count), text, _char_at, UNIT),
        ("lowerAscii", (text,), text, lambda value: value.translate(_ASCII_LOW), walk),
        ("upperAscii", (text,), text, lambda value: value.translate(_ASCII_HIGH), walk),
        ("substring", (text, count), text, _substring, walk),
        ("substring", (text, count, count), text, _substring, walk),
        ("trim", (text,), text, str.strip, walk),
        ("reverse", (text,), text, lambda value: value[::-1], walk),
        ("indexOf", (text, text), count, _find_text, traversal()),
        ("indexOf", (text, text, count), count, _find_text, traversal()),
        ("lastIndexOf", (text, text), count, _find_last, traversal()),
        ("lastIndexOf", (text, text, count), count, _find_last, traversal()),
        ("replace", (text, text, text), text, _replace, REPLACED),
        ("replace", (text, text, text, count), text, _replace, REPLACED),
        ("split", (text, text), list_of(text), _split, SPLIT),
        ("split", (text, text, count), list_of(text), _split, SPLIT),
        ("join", (list_of(text),), text, _join, _JOINED),
        ("join", (list_of(text), text), text, _join, _JOINED),
        ("format", (text, list_of(DYN)), text, _format, traversal()),
    )
    for name, parameters, result, run, price in table:
        library.add(name, parameters, result, run, price, method=True)
    library.add("strings.quote", (text,), text, lambda value: '"' + _quoted(value) + '"', traversal())


def _quoted(value: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\a", "\\a")):
        value = value.replace(plain, escaped)
    return value


def _format(template: str, arguments: list[Any]) -> str:
    parts = template.split("%%")
    remaining = iter(arguments)
    return "%".join(_PLACEHOLDER.sub(lambda found: _filled(found, remaining), part) for part in parts)


_PLACEHOLDER = re2.compile(r"%(?:\.([0-9]{1,2}))?([a-zA-Z])")


def _filled(found: Any, remaining: Any) -> str:
    value, verb = next(remaining, NONE), found.group(2)
    if value is NONE:
        raise CelError("error during formatting: index 0 out of range")
    if verb == "s":
        return _shown(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise CelError(f"error during formatting: {verb} clause can only be used on numbers")
    if verb in "fe":
        return f"{float(value):.{int(found.group(1) or 6)}{verb}}"
    if verb in "dxXob" and isinstance(value, int):
        return format(int(value), verb)
    raise CelError(f'error during formatting: unrecognized formatting clause "{verb}"')


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(item)}" for key, item in value.items()) + "}"
    return "null" if value is None else text_of(value)


def _find(text: str, wanted: str) -> str:
    found = pattern(wanted).search(text)
    return str(found.group(0)) if found else ""


def _find_all(text: str, wanted: str, limit: int = -1) -> list[str]:
    found = [match.group(0) for match in pattern(wanted).finditer(text)]
    return found if limit < 0 else found[:limit]


def add_regex(library: Library) -> None:
    library.add("find", (STRING, STRING), STRING, _find, MATCHED, method=True)
    library.add("findAll", (STRING, STRING), list_of(STRING), _find_all, MATCHED, method=True)
    library.add("findAll", (STRING, STRING, INT), list_of(STRING), _find_all, MATCHED, method=True)
