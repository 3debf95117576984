"""CEL's own operators and functions: 64-bit arithmetic, comparison, conversion, times, strings."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import re2

from argosy.machinery import duration, timestamps
from argosy.machinery.cel.errors import NO_OVERLOAD, CelError
from argosy.machinery.cel.overloads import (
    COMPARED,
    CONTAINED,
    IN_LIST,
    JOINED_LIST,
    JOINED_TEXT,
    MATCHED,
    PREFIX,
    UNIT,
    Library,
    traversal,
)
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
    B,
    list_of,
    map_of,
)
from argosy.machinery.cel.values import NONE, Optional, TypeValue, UInt, equal, less, type_name

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Characters that one function may return (spec/security.md rule 3)."""
_LOW, _HIGH, _UHIGH = -(2**63), 2**63 - 1, 2**64 - 1


def checked_int(number: int) -> int:
    if not _LOW <= number <= _HIGH:
        raise CelError("integer overflow")
    return number


def unsigned(number: int) -> UInt:
    if not 0 <= number <= _UHIGH:
        raise CelError("unsigned integer overflow")
    return UInt(number)


def _divided(left: int, right: int) -> int:
    if right == 0:
        raise CelError("division by zero")
    quotient = abs(left) // abs(right)
    return checked_int(quotient if (left < 0) == (right < 0) else -quotient)


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise CelError("modulus by zero")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def _divided_float(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)


def _added(left: Any, right: Any) -> Any:
    if len(left) + len(right) > OUTPUT_LIMIT:
        raise CelError(f"the result is longer than {OUTPUT_LIMIT} elements")
    return left + right


def _timed(work: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(left: Any, right: Any) -> Any:
        try:
            return work(left, right)
        except OverflowError:
            raise CelError("timestamp overflow") from None

    return run


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


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _zone(name: str) -> tzinfo:
    sign = -1 if name.startswith("-") else 1
    digits = name.lstrip("+-")
    if digits[:1].isdigit() and ":" in digits:
        hours, _, minutes = digits.partition(":")
        try:
            return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
        except ValueError:
            raise CelError(f"unknown time zone {name[:100]}") from None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CelError(f"unknown time zone {name[:100]}") from None


def _part(read: Callable[[datetime], int]) -> Callable[..., int]:
    def run(moment: datetime, zone: str = "UTC") -> int:
        return read(moment.astimezone(_zone(zone)))

    return run


_PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}
_SPANS = {"getHours": timedelta(hours=1), "getMinutes": timedelta(minutes=1), "getSeconds": timedelta(seconds=1)}


@lru_cache(maxsize=1024)
def pattern(text: str) -> Any:
    """Raises CelError for an invalid RE2 regular expression."""
    try:
        return re2.compile(text, _OPTIONS)
    except re2.error as error:
        shown = error.args[0] if error.args else ""
        shown = shown.decode(errors="replace") if isinstance(shown, bytes) else str(shown)
        raise CelError(f"error parsing regexp: {shown[:200]}") from None


_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def _index(items: list[Any], index: Any) -> Any:
    if isinstance(index, float) and not index.is_integer():
        raise CelError(f"unsupported index value in list: {index}")
    if not 0 <= index < len(items):
        raise CelError(f"index out of bounds: {int(index)}")
    return items[int(index)]


def _value(entries: dict[Any, Any], key: Any) -> Any:
    found = entries.get(_key(key), NONE)
    if found is NONE:
        raise CelError(f"no such key: {key}")
    return found


def _key(key: Any) -> Any:
    if isinstance(key, list | dict) or key is None:
        raise CelError("unsupported key type")
    return int(key) if isinstance(key, float) and key.is_integer() else key


def _has_key(key: Any, entries: dict[Any, Any]) -> bool:
    return _key(key) in entries


def _in_list(value: Any, items: list[Any]) -> bool:
    return any(equal(value, item) for item in items)


def _may_index(items: list[Any], index: Any) -> Optional:
    return Optional(items[index], True) if 0 <= index < len(items) else NONE


def _may_value(entries: dict[Any, Any], key: Any) -> Optional:
    return Optional(entries[key], True) if _key(key) in entries else NONE


def add_standard(library: Library) -> None:
    add = library.add
    for kind, low in ((INT, checked_int), (UINT, unsigned)):
        for name, work in (("+", operator.add), ("-", operator.sub), ("*", operator.mul)):
            add(f"_{name}_", (kind, kind), kind, lambda a, b, work=work, low=low: low(work(a, b)))
        add("_/_", (kind, kind), kind, lambda a, b, low=low: low(_divided(a, b)))
        add("_%_", (kind, kind), kind, lambda a, b, low=low: low(_remainder(a, b)))
    for name, work in (("+", operator.add), ("-", operator.sub), ("*", operator.mul), ("/", _divided_float)):
        add(f"_{name}_", (DOUBLE, DOUBLE), DOUBLE, work)
    for text in (STRING, BYTES):
        add("_+_", (text, text), text, _added, JOINED_TEXT)
    add("_+_", (list_of(A), list_of(A)), list_of(A), _added, JOINED_LIST)
    add("_+_", (TIMESTAMP, DURATION), TIMESTAMP, _timed(operator.add))
    add("_+_", (DURATION, TIMESTAMP), TIMESTAMP, _timed(operator.add))
    add("_+_", (DURATION, DURATION), DURATION, _timed(operator.add))
    add("_-_", (TIMESTAMP, TIMESTAMP), DURATION, _timed(operator.sub))
    add("_-_", (TIMESTAMP, DURATION), TIMESTAMP, _timed(operator.sub))
    add("_-_", (DURATION, DURATION), DURATION, _timed(operator.sub))
    add("-_", (INT,), INT, lambda value: checked_int(-value))
    add("-_", (DOUBLE,), DOUBLE, operator.neg)
    add("!_", (BOOL,), BOOL, operator.not_)
    # These three are evaluated specially: not all arguments are needed.
    add("_&&_", (BOOL, BOOL), BOOL, operator.and_)
    add("_||_", (BOOL, BOOL), BOOL, operator.or_)
    add("_?_:_", (BOOL, A, A), A, lambda condition, yes, no: yes if condition else no)
    add("_==_", (A, A), BOOL, equal, COMPARED)
    add("_!=_", (A, A), BOOL, lambda a, b: not equal(a, b), COMPARED)
    _add_order(library)
    add("@in", (A, list_of(A)), BOOL, _in_list, IN_LIST)
    add("@in", (A, map_of(A, B)), BOOL, _has_key)
    add("_[_]", (list_of(A), INT), A, _index)
    add("_[_]", (map_of(A, B), A), B, _value)
    add("_[?_]", (list_of(A), INT), A, _may_index)
    add("_[?_]", (map_of(A, B), A), B, _may_value)
    for sized in (STRING, BYTES, list_of(A), map_of(A, B)):
        add("size", (sized,), INT, len)
        add("size", (sized,), INT, len, method=True)
    _add_conversions(library)
    _add_texts(library)
    _add_times(library)


def _add_order(library: Library) -> None:
    pairs = [(kind, kind) for kind in (BOOL, INT, UINT, DOUBLE, TIMESTAMP, DURATION)]
    pairs += [(one, other) for one in (INT, UINT, DOUBLE) for other in (INT, UINT, DOUBLE) if one is not other]
    orders: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
        ("_<_", less),
        ("_<=_", lambda a, b: less(a, b) or equal(a, b)),
        ("_>_", lambda a, b: less(b, a)),
        ("_>=_", lambda a, b: less(b, a) or equal(a, b)),
    )
    for name, work in orders:
        for one, other in pairs:
            library.add(name, (one, other), BOOL, work)
        for text in (STRING, BYTES):
            library.add(name, (text, text), BOOL, work, COMPARED)


def _add_conversions(library: Library) -> None:
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
    add("timestamp", (INT,), TIMESTAMP, lambda value: _timed(operator.add)(_EPOCH, _seconds(value)))
    add("duration", (STRING,), DURATION, span_of)
    add("duration", (DURATION,), DURATION, lambda value: value)
    add("dyn", (A,), DYN, lambda value: value)
    add("type", (A,), TYPE, lambda value: TypeValue(type_name(value)))


def _seconds(value: int) -> timedelta:
    try:
        return timedelta(seconds=value)
    except OverflowError:
        raise CelError("timestamp overflow") from None


def _add_texts(library: Library) -> None:
    add = library.add
    add("contains", (STRING, STRING), BOOL, lambda text, part: part in text, CONTAINED, method=True)
    add("startsWith", (STRING, STRING), BOOL, str.startswith, PREFIX, method=True)
    add("endsWith", (STRING, STRING), BOOL, str.endswith, PREFIX, method=True)
    for method in (True, False):
        add("matches", (STRING, STRING), BOOL, _matches, MATCHED, method=method)


def _matches(text: str, wanted: str) -> bool:
    return pattern(wanted).search(text) is not None


def _add_times(library: Library) -> None:
    for name, read in _PARTS.items():
        library.add(name, (TIMESTAMP,), INT, _part(read), UNIT, method=True)
        library.add(name, (TIMESTAMP, STRING), INT, _part(read), UNIT, method=True)
    for name, unit in _SPANS.items():
        library.add(name, (DURATION,), INT, lambda span, unit=unit: _divided_span(span, unit), UNIT, method=True)
    library.add(
        "getMilliseconds", (DURATION,), INT, lambda span: _divided_span(span, timedelta(milliseconds=1)), method=True
    )


def _divided_span(span: timedelta, unit: timedelta) -> int:
    return span // unit if span >= timedelta(0) else -(-span // unit)


def no_overload() -> CelError:
    return CelError(NO_OVERLOAD)
