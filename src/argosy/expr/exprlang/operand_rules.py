"""Which operands an operator accepts, and the nature of its result. expr-lang: checker/checker.go, binaryNode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .natures import BOOL, DURATION, FLOAT, INT, STRING, TIME, UNKNOWN, Kind, Nature


def result_of(operator: str, left: Nature, right: Nature) -> Nature | None:
    """None: the operator does not accept these. `in` with a map or an array on the right is handled by the checker."""
    return _RULES[operator](left, right)


def _is_time(nature: Nature) -> bool:
    return nature.name == TIME.name


def _is_duration(nature: Nature) -> bool:
    return nature.name == DURATION.name


def _is_number(nature: Nature) -> bool:
    return nature.is_number


def _is_integer(nature: Nature) -> bool:
    return nature.kind is Kind.INTEGER


def _is_string(nature: Nature) -> bool:
    return nature.kind is Kind.STRING


def _is_bool(nature: Nature) -> bool:
    return nature.kind is Kind.BOOL


def _maybe(left: Nature, right: Nature, *tests: Callable[[Nature], bool]) -> bool:
    """Whether they may fit at run time: one or both are unknown, the other one fits."""
    if left.is_unknown:
        return right.is_unknown or any(test(right) for test in tests)
    return right.is_unknown and any(test(left) for test in tests)


def _both(left: Nature, right: Nature, test: Callable[[Nature], bool]) -> bool:
    return test(left) and test(right)


def _promoted(left: Nature, right: Nature) -> Nature:
    return FLOAT if Kind.FLOAT in (left.kind, right.kind) else INT


def _equal(left: Nature, right: Nature) -> Nature | None:
    return BOOL if left.comparable_to(right) else None


def _logical(left: Nature, right: Nature) -> Nature | None:
    return BOOL if _both(left, right, _is_bool) or _maybe(left, right, _is_bool) else None


_ORDERED: Final = (_is_number, _is_string, _is_time, _is_duration)


def _ordered(left: Nature, right: Nature) -> Nature | None:
    return BOOL if any(_both(left, right, test) for test in _ORDERED) or _maybe(left, right, *_ORDERED) else None


def _plus(left: Nature, right: Nature) -> Nature | None:
    if _both(left, right, _is_number):
        return _promoted(left, right)
    if _both(left, right, _is_string):
        return STRING
    if (_is_time(left) and _is_duration(right)) or (_is_duration(left) and _is_time(right)):
        return TIME
    if _both(left, right, _is_duration):
        return DURATION
    return UNKNOWN if _maybe(left, right, *_ORDERED) else None


def _minus(left: Nature, right: Nature) -> Nature | None:
    if _both(left, right, _is_number):
        return _promoted(left, right)
    if _both(left, right, _is_time) or _both(left, right, _is_duration):
        return DURATION
    if _is_time(left) and _is_duration(right):
        return TIME
    return UNKNOWN if _maybe(left, right, _is_number, _is_time, _is_duration) else None


def _times(left: Nature, right: Nature) -> Nature | None:
    if _both(left, right, _is_number):
        return _promoted(left, right)
    scales = (_is_number(left) or _is_duration(left)) and (_is_number(right) or _is_duration(right))
    if scales:
        return DURATION
    return UNKNOWN if _maybe(left, right, _is_number, _is_duration) else None


def _real(left: Nature, right: Nature) -> Nature | None:
    return FLOAT if _both(left, right, _is_number) or _maybe(left, right, _is_number) else None


def _modulo(left: Nature, right: Nature) -> Nature | None:
    return INT if _both(left, right, _is_integer) or _maybe(left, right, _is_integer) else None


def _in(left: Nature, right: Nature) -> Nature | None:
    if right.is_unknown or (right.kind is Kind.STRUCT and (left.is_unknown or _is_string(left))):
        return BOOL
    return BOOL if left.is_unknown and _is_string(right) else None


def _matches(left: Nature, right: Nature) -> Nature | None:
    is_text = _is_string(left) or left.name == "[]uint8"
    return BOOL if (is_text and _is_string(right)) or _maybe(left, right, _is_string) else None


def _texts(left: Nature, right: Nature) -> Nature | None:
    return BOOL if _both(left, right, _is_string) or _maybe(left, right, _is_string) else None


def _range(left: Nature, right: Nature) -> Nature | None:
    return _RANGE if _both(left, right, _is_integer) or _maybe(left, right, _is_integer) else None


def _coalesce(left: Nature, right: Nature) -> Nature | None:
    if left.kind is Kind.NIL:
        return right
    if right.kind is Kind.NIL or right.assignable_to(left):
        return left
    return UNKNOWN


_RANGE: Final = INT.array()
"""A range has integers, yet its type is an array of anything."""

_RULES: Final[Mapping[str, Callable[[Nature, Nature], Nature | None]]] = {
    **dict.fromkeys(("==", "!="), _equal),
    **dict.fromkeys(("or", "||", "and", "&&"), _logical),
    **dict.fromkeys(("<", ">", "<=", ">="), _ordered),
    "+": _plus,
    "-": _minus,
    "*": _times,
    **dict.fromkeys(("/", "**", "^"), _real),
    "%": _modulo,
    "in": _in,
    "matches": _matches,
    **dict.fromkeys(("contains", "startsWith", "endsWith"), _texts),
    "..": _range,
    "??": _coalesce,
}
