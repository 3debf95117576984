"""Conversions between types: `int(x)`, `string(x)`, `timestamp(x)` and the others."""

from __future__ import annotations

import math
import operator
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.machinery import duration, timestamps
from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.integers import checked_int, unsigned
from argosy.machinery.cel.overloads import Library, traversal
from argosy.machinery.cel.times import timed
from argosy.machinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    TYPE,
    UINT,
    A,
)
from argosy.machinery.cel.values import TypeValue, UInt, type_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _int_of(value: Any) -> int:
    if isinstance(value, datetime):
        return int((value - _EPOCH).total_seconds() // 1)
    if isinstance(value, timedelta):
        return value // timedelta(microseconds=1) * 1000
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            raise CelError("integer overflow")
        return checked_int(int(value))
    if isinstance(value, str):
        try:
            return checked_int(int(value) if value.strip() == value and "_" not in value else _refuse())
        except ValueError:
            raise CelError(f'strconv.ParseInt: parsing "{value[:100]}": invalid syntax') from None
    return checked_int(int(value))


def _refuse() -> int:
    raise ValueError


def _uint_of(value: Any) -> UInt:
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        raise CelError("unsigned integer overflow")
    try:
        return unsigned(int(value))
    except ValueError:
        raise CelError(f'strconv.ParseUint: parsing "{value[:100]}": invalid syntax') from None


def _double_of(value: Any) -> float:
    try:
        return float(value)
    except ValueError:
        raise CelError(f'strconv.ParseFloat: parsing "{value[:100]}": invalid syntax') from None


def text_of(value: Any) -> str:
    """`string(x)`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise CelError("invalid UTF-8 in bytes, cannot convert to string") from None
    if isinstance(value, datetime):
        return timestamps.micros(value).replace(".000000Z", "Z") if value.microsecond else timestamps.seconds(value)
    if isinstance(value, timedelta):
        return f"{_number_text(value.total_seconds())}s"
    return str(value)


def _float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return _number_text(value)


def _number_text(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e21 else repr(value)


def _bool_of(value: str) -> bool:
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise CelError(f'strconv.ParseBool: parsing "{value[:100]}": invalid syntax')


def moment_of(value: str) -> datetime:
    """Raises CelError."""
    try:
        return timestamps.parse(value)
    except ValueError:
        raise CelError(f'parsing time "{value[:100]}" as RFC 3339: cannot parse') from None


def span_of(value: str) -> timedelta:
    """Raises CelError."""
    try:
        return duration.parse(value)
    except ValueError:
        raise CelError(f'time: invalid duration "{value[:100]}"') from None


def add_conversions(library: Library) -> None:
    add = library.add
    for given in (INT, UINT, DOUBLE, STRING):
        add("int", (given,), INT, _int_of)
        add("uint", (given,), UINT, _uint_of)
        add("double", (given,), DOUBLE, _double_of)
    for given in (TIMESTAMP, DURATION):
        add("int", (given,), INT, _int_of)
    for given in (STRING, INT, UINT, DOUBLE, BOOL, TIMESTAMP, DURATION):
        add("string", (given,), STRING, text_of)
    add("string", (BYTES,), STRING, text_of, traversal(keeps=True))
    add("bytes", (STRING,), BYTES, lambda value: value.encode(), traversal())
    add("bytes", (BYTES,), BYTES, lambda value: value)
    add("bool", (BOOL,), BOOL, lambda value: value)
    add("bool", (STRING,), BOOL, _bool_of)
    add("timestamp", (STRING,), TIMESTAMP, moment_of)
    add("timestamp", (TIMESTAMP,), TIMESTAMP, lambda value: value)
    add("timestamp", (INT,), TIMESTAMP, lambda value: timed(operator.add)(_EPOCH, _seconds(value)))
    add("duration", (STRING,), DURATION, span_of)
    add("duration", (DURATION,), DURATION, lambda value: value)
    add("dyn", (A,), DYN, lambda value: value)
    add("type", (A,), TYPE, lambda value: TypeValue(type_name(value)))


def _seconds(value: int) -> timedelta:
    try:
        return timedelta(seconds=value)
    except OverflowError:
        raise CelError("timestamp overflow") from None
