"""CEL's own operators and functions: numbers, comparison, collections, strings; see `conversions` and `times` too."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2

from argosy.machinery.cel.conversions import add_conversions
from argosy.machinery.cel.errors import NO_OVERLOAD, CelError
from argosy.machinery.cel.integers import checked_int, divided, remainder, unsigned
from argosy.machinery.cel.overloads import (
    COMPARED,
    CONTAINED,
    IN_LIST,
    JOINED_LIST,
    JOINED_TEXT,
    MATCHED,
    PREFIX,
    Library,
)
from argosy.machinery.cel.times import add_times, timed
from argosy.machinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    A,
    B,
    list_of,
    map_of,
)
from argosy.machinery.cel.values import NONE, Optional, equal, less

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Characters that one function may return (spec/security.md rule 3)."""


def _divided_float(left: float, right: float) -> float:
    if right:
        return left / right
    return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)


def _added(left: Any, right: Any) -> Any:
    if len(left) + len(right) > OUTPUT_LIMIT:
        raise CelError(f"the result is longer than {OUTPUT_LIMIT} elements")
    return left + right


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
        add("_/_", (kind, kind), kind, lambda a, b, low=low: low(divided(a, b)))
        add("_%_", (kind, kind), kind, lambda a, b, low=low: low(remainder(a, b)))
    for name, work in (("+", operator.add), ("-", operator.sub), ("*", operator.mul), ("/", _divided_float)):
        add(f"_{name}_", (DOUBLE, DOUBLE), DOUBLE, work)
    for text in (STRING, BYTES):
        add("_+_", (text, text), text, _added, JOINED_TEXT)
    add("_+_", (list_of(A), list_of(A)), list_of(A), _added, JOINED_LIST)
    add("_+_", (TIMESTAMP, DURATION), TIMESTAMP, timed(operator.add))
    add("_+_", (DURATION, TIMESTAMP), TIMESTAMP, timed(operator.add))
    add("_+_", (DURATION, DURATION), DURATION, timed(operator.add))
    add("_-_", (TIMESTAMP, TIMESTAMP), DURATION, timed(operator.sub))
    add("_-_", (TIMESTAMP, DURATION), TIMESTAMP, timed(operator.sub))
    add("_-_", (DURATION, DURATION), DURATION, timed(operator.sub))
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
    add_conversions(library)
    _add_texts(library)
    add_times(library)


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


def _add_texts(library: Library) -> None:
    add = library.add
    add("contains", (STRING, STRING), BOOL, lambda text, part: part in text, CONTAINED, method=True)
    add("startsWith", (STRING, STRING), BOOL, str.startswith, PREFIX, method=True)
    add("endsWith", (STRING, STRING), BOOL, str.endswith, PREFIX, method=True)
    for method in (True, False):
        add("matches", (STRING, STRING), BOOL, _matches, MATCHED, method=method)


def _matches(text: str, wanted: str) -> bool:
    return pattern(wanted).search(text) is not None


def no_overload() -> CelError:
    return CelError(NO_OVERLOAD)
