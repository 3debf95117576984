"""Quantities as built-in types keep them: exact nano-units in an int, and Go's canonical spelling.

Source: spec/embedded-kubernetes.md section 7 (canonical form) and the resource package's number format.
"""

from __future__ import annotations

import re
from functools import lru_cache

_FORM = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_NANO = 10**9


@lru_cache(maxsize=4096)
def nano_units(text: str) -> int:
    """The value times 10**9, rounded up (away from zero). ValueError for what is no quantity."""
    sign, digits, suffix = _parts(text)
    whole, _, fraction = digits.partition(".")
    numerator = int((whole or "0") + fraction) * _NANO
    denominator: int = 10 ** len(fraction)
    if suffix in _BINARY:
        numerator *= 1024 ** _BINARY[suffix]
    elif (exponent := _exponent(suffix)) >= 0:
        numerator *= 10**exponent
    else:
        denominator *= 10**-exponent
    return sign * -(-numerator // denominator)


def _parts(text: str) -> tuple[int, str, str]:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a quantity")
    return -1 if found[1] == "-" else 1, found[2], found[3] or ""


def _exponent(suffix: str) -> int:
    return _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])


@lru_cache(maxsize=4096)
def canonical_quantity(text: str) -> str:
    """`0.5` -> `500m`, `1024Mi` -> `1Gi`, `1000` -> `1k`, `1e3` -> `1e3`. ValueError for what is no quantity."""
    nanos = nano_units(text)
    suffix = _parts(text)[2]
    if suffix in _BINARY and nanos % _NANO == 0 and abs(nanos) >= 1024 * _NANO:
        return _binary(nanos // _NANO)
    return _decimal(nanos, exponent_form=suffix[:1] in ("e", "E") and len(suffix) > 1)


def _binary(value: int) -> str:
    power = 0
    while power < len(_BINARY) and value % 1024 == 0:
        value, power = value // 1024, power + 1
    return f"{value}{['', *_BINARY][power]}"


def _decimal(nanos: int, *, exponent_form: bool) -> str:
    if nanos == 0:
        return "0"
    exponent = -9
    while exponent < 18 and nanos % 1000 == 0:
        nanos, exponent = nanos // 1000, exponent + 3
    if exponent_form:
        return f"{nanos}e{exponent}" if exponent else str(nanos)
    return f"{nanos}{next(suffix for suffix, power in _DECIMAL.items() if power == exponent)}"


def rounded_to_milli(text: str) -> str:
    """Values finer than a thousandth are rounded up, as in every resource list (section 7)."""
    nanos = nano_units(text)
    if nanos % 1_000_000 == 0:
        return text
    return _decimal(-(-nanos // 1_000_000) * 1_000_000, exponent_form=False)
