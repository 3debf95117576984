"""Quantities: exact numbers with a suffix, as `500m`, `1Gi` or `1e3`; kept as integer nano-units, never rounded twice.

Source: spec/embedded-kubernetes.md section 7 (canonical form; values finer than milli round up in resource lists).
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from argosy.machinery.objects import JsonValue

NANO = 10**9
_FORM = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIXES = {power: suffix for suffix, power in _DECIMAL.items()}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_MAX_LENGTH = 400


class QuantityError(ValueError):
    """The text is not a quantity; the message is Kubernetes' own."""


@lru_cache(maxsize=8192)
def nano_units(text: str) -> int:
    """The value times 10**9, rounded away from zero. Raises QuantityError."""
    sign, digits, suffix = _parts(text)
    integer, _, fraction = digits.partition(".")
    exact = Fraction(int((integer or "0") + fraction), 10 ** len(fraction)) * NANO
    if suffix in _BINARY:
        exact *= 1024 ** _BINARY[suffix]
    else:
        exact *= Fraction(10) ** _exponent(suffix)
    return sign * -(-exact.numerator // exact.denominator)


def _parts(text: str) -> tuple[int, str, str]:
    found = _FORM.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        raise QuantityError(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    return -1 if found[1] == "-" else 1, found[2], found[3] or ""


def _exponent(suffix: str) -> int:
    return _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """`0.5` -> `500m`, `1024Mi` -> `1Gi`, `1000` -> `1k`, `1000e0` -> `1e3`. Raises QuantityError."""
    return spelled(nano_units(text), like=text)


def spelled(nanos: int, *, like: str = "") -> str:
    """Nano-units in canonical form, in the notation (decimal, binary or exponent) of `like`."""
    suffix = _parts(like)[2] if like else ""
    if suffix in _BINARY and nanos % NANO == 0 and abs(nanos) >= 1024 * NANO:
        return _binary(nanos // NANO)
    return _decimal(nanos, exponent_form=suffix[:1] in ("e", "E") and len(suffix) > 1)


def _binary(value: int) -> str:
    power = 0
    while power < len(_BINARY) and value % 1024 == 0:
        value, power = value // 1024, power + 1
    return f"{value}{['', *_BINARY][power]}"


def _decimal(nanos: int, *, exponent_form: bool) -> str:
    if nanos == 0:
        return "0"
    power = -9
    while power < 18 and nanos % 1000 == 0:
        nanos, power = nanos // 1000, power + 3
    if exponent_form:
        return f"{nanos}e{power}" if power else str(nanos)
    return f"{nanos}{_SUFFIXES[power]}"


def rounded_to_milli(text: str) -> str:
    """Canonical, and rounded away from zero to thousandths as every resource list is (section 7)."""
    nanos = nano_units(text)
    if nanos % 1_000_000 == 0:
        return canonical(text)
    up = -(-abs(nanos) // 1_000_000) * 1_000_000
    return spelled(up if nanos > 0 else -up, like=text)


def of(value: JsonValue) -> str:
    """A quantity field as text: numbers are allowed there too. Raises QuantityError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise QuantityError(f"a quantity is a string or a number, not {type(value).__name__}")
    return value if isinstance(value, str) else repr(value)


def compare(left: JsonValue, right: JsonValue) -> int:
    """-1, 0 or 1. Raises QuantityError."""
    difference = nano_units(of(left)) - nano_units(of(right))
    return (difference > 0) - (difference < 0)


def add(left: str, right: str) -> str:
    """The sum, in the notation of `left`."""
    return spelled(nano_units(left) + nano_units(right), like=left)


def subtract(left: str, right: str) -> str:
    """The difference, in the notation of `left`."""
    return spelled(nano_units(left) - nano_units(right), like=left)


def milli_units(text: str) -> int:
    """Thousandths, rounded away from zero: for CPU arithmetic."""
    return nano_units(rounded_to_milli(text)) // 1_000_000


def whole_units(text: str) -> int:
    """Whole units, rounded away from zero: bytes, counts."""
    nanos = nano_units(text)
    return -(-nanos // NANO) if nanos >= 0 else nanos // NANO
