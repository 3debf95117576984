"""The value of an unquoted YAML scalar: as Kubernetes' tools read it, and as Kustomize does.

Kubernetes converts YAML 1.1 to JSON (gopkg.in/yaml.v2): `yes`, `on` and `y` are booleans, dates stay strings.
Kustomize reads with yaml.v3: those words are strings, dates become timestamps in RFC 3339.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, cast

import re2

from argosy.machinery.objects import JsonValue

DIGIT_LIMIT: Final = 400

_INTEGER = re2.compile(r"^[-+]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)$")
_FLOAT = re2.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_TIME = re2.compile(
    r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]| +)([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})"
    r"(?:\.([0-9]{1,9}))?(Z|[-+][0-9]{2}:[0-9]{2})?)?$"
)

_CONSTANTS: Final[dict[str, JsonValue]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_YAML_1_1: Final[dict[str, JsonValue]] = {
    **_CONSTANTS,
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF"), False),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of tools reads YAML."""

    scalar: Callable[[str], JsonValue]
    """The value of an unquoted scalar. Raises ValueError."""
    keys_are_text: bool = False
    """A key that is a number, a boolean or null is refused, instead of becoming a string."""
    empty_in_flow: JsonValue = None
    """The value of nothing between `{` and `}`."""
    ends_lines: bool = True
    """A last line without a newline is read as if it had one, so that a block scalar there has its own."""


class WrittenInt(int):
    """An integer that remembers its text: Kustomize copies texts, and `010` is not `8` there."""

    text: str


class WrittenFloat(float):
    """The same for other numbers (`1.50`)."""

    text: str


@functools.lru_cache(maxsize=16384)
def kubernetes_scalar(text: str) -> JsonValue:
    """As gopkg.in/yaml.v2 resolves it."""
    return _resolved(text, _YAML_1_1)


@functools.lru_cache(maxsize=16384)
def kustomize_scalar(text: str) -> JsonValue:
    """As yaml.v3 resolves it. A number whose text differs from its printed form is a `Written...`."""
    value = _resolved(text, _CONSTANTS)
    if isinstance(value, str):
        return _timestamp(text) if text[4:5] == "-" else value
    if value is None or isinstance(value, bool) or str(value) == text:
        return value
    written: Any = WrittenInt(value) if isinstance(value, int) else WrittenFloat(value)
    written.text = text
    return cast("JsonValue", written)


def _resolved(text: str, words: dict[str, JsonValue]) -> JsonValue:
    if text in words:
        value = words[text]
        if isinstance(value, float):
            raise ValueError(f"{text} has no JSON form")
        return value
    return _number(text) if text[0] in "+-.0123456789" else text


def _number(text: str) -> JsonValue:
    digits = text.replace("_", "")
    if _INTEGER.match(digits):
        return _integer(digits)
    if not _FLOAT.match(digits):
        return text
    if len(digits) > DIGIT_LIMIT:
        raise ValueError(f"a number has more than {DIGIT_LIMIT} digits")
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{text} is out of range")
    return _as_go_prints(value)


def _as_go_prints(value: float) -> JsonValue:
    """`1e3` goes through Go's JSON, which prints 1000, and comes back as an integer."""
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _integer(digits: str) -> JsonValue:
    if len(digits) > DIGIT_LIMIT:
        raise ValueError(f"a number has more than {DIGIT_LIMIT} digits")
    sign, body = (-1, digits[1:]) if digits[0] == "-" else (1, digits.removeprefix("+"))
    if len(body) > 1 and body[0] == "0" and body[1].isdigit():
        if any(digit in "89" for digit in body):
            return _as_go_prints(float(digits))  # not octal after all: Go falls through to its float rule
        value = int(body, 8)
    else:
        value = int(body, 0)
    value *= sign
    return value if -(2**63) <= value < 2**64 else float(value)


def _timestamp(text: str) -> str:
    """RFC 3339 of a date or time that yaml.v3 recognises; otherwise the text itself."""
    match = _TIME.match(text)
    if match is None:
        return text
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if zone is not None and "T" not in text and "t" not in text:
        return text  # with a space before the time there is no zone
    try:
        datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=_zone(zone)
        )
    except ValueError:
        return text
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}"
    parts = (fraction or "").rstrip("0")
    return f"{year}-{int(month):02}-{int(day):02}T{clock}{'.' + parts if parts else ''}{zone or 'Z'}"


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)


KUBERNETES: Final = Dialect(kubernetes_scalar)
KUSTOMIZE: Final = Dialect(kustomize_scalar, keys_are_text=True, empty_in_flow="", ends_lines=False)
