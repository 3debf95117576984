"""Parses untrusted JSON bodies: quickly, within limits, and detecting duplicate keys.

orjson silently keeps the last of two equal keys. A body is parsed again by the slow parser only when the number of
apparent keys differs from the number of parsed keys (it is never lower, as every key ends in a quote and a
colon). Limits are those of spec/security.md rule 2.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

import orjson

from argosy.machinery.objects import JsonValue

MAX_DEPTH = 200
MAX_DIGITS = 400

_KEY_END = re.compile(rb'"[ \t\r\n]*:')
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{%d}" % (MAX_DIGITS + 1))


class BodyError(Exception):
    """The body is not what its content type says, or breaks a limit; the message may be shown to the client."""


class Parsed(NamedTuple):
    value: JsonValue
    duplicates: tuple[str, ...]
    """Paths of keys that occur more than once, as `data.a` or `items[0].b`."""


def parse_json(text: bytes) -> Parsed:
    """Raises BodyError for invalid JSON, nesting deeper than 200 or a number of more than 400 digits."""
    if len(text) > MAX_DIGITS and _LONG_NUMBER.search(text):
        _check_numbers(text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BodyError(f"json parse error: {_reason(error)}") from None
    if not isinstance(value, dict | list):
        return Parsed(value, ())
    if len(_KEY_END.findall(text)) == _count_keys(value, 1):
        return Parsed(value, ())
    return Parsed(value, _duplicates(text))


def _reason(error: orjson.JSONDecodeError) -> str:
    return f"{error.msg}: line {error.lineno} column {error.colno}"


def _count_keys(value: JsonValue, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise BodyError(f"json parse error: nested deeper than {MAX_DEPTH}")
    if isinstance(value, dict):
        count = len(value)
        for item in value.values():
            if isinstance(item, dict | list):
                count += _count_keys(item, depth + 1)
        return count
    return sum(_count_keys(item, depth + 1) for item in value if isinstance(item, dict | list))


def _check_numbers(text: bytes) -> None:
    """Long runs of digits are fine inside a string, so the literals have to be checked one by one."""

    def literal(digits: str) -> int:
        if len(digits) > MAX_DIGITS:
            raise BodyError(f"json parse error: a number has more than {MAX_DIGITS} digits")
        return 0

    try:
        json.loads(text, parse_int=literal, parse_float=literal)
    except (ValueError, RecursionError):
        raise BodyError("json parse error: invalid document") from None


class _Object(list[tuple[str, JsonValue]]):
    """An object as its pairs, so that both of two equal keys are seen."""


def _duplicates(text: bytes) -> tuple[str, ...]:
    found: list[str] = []

    def walk(value: JsonValue, path: str) -> None:
        if isinstance(value, _Object):
            seen: set[str] = set()
            for key, item in value:
                spelled = f"{path}.{key}" if path else key
                if key in seen and spelled not in found:
                    found.append(spelled)
                seen.add(key)
                walk(item, spelled)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                walk(item, f"{path}[{index}]")

    try:
        walk(json.loads(text, object_pairs_hook=_Object), "")
    except (ValueError, RecursionError):  # orjson accepted it: only a limit can be the cause
        raise BodyError("json parse error: invalid document") from None
    return tuple(found)
