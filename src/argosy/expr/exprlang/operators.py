"""Operators on values. expr-lang: vm/runtime/helpers; integers have 64 bits and wrap."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import re2
from goduration.go import Duration
from gotime import Time

from .errors import Fault
from .frame import Frame
from .values import Struct, type_name

Operation = Callable[[Frame, Any, Any], object]

_HALF: Final = 2**63
_SCALARS: Final = frozenset({int, float, str})
_NUMBERS: Final = frozenset({int, float})


def wrapped(value: int) -> int:
    """Within 64 bits, as Go's int."""
    return value if -_HALF <= value < _HALF else (value + _HALF) % (2 * _HALF) - _HALF


def is_number(value: object) -> bool:
    return type(value) in _NUMBERS or (
        isinstance(value, int | float) and not isinstance(value, bool) and not _named(value)
    )


def _named(value: object) -> bool:
    """Months and weekdays are numbers in Python, but not for Go's operators."""
    return hasattr(value, "_value_")


def is_whole(value: object) -> bool:
    return type(value) is int or (is_number(value) and isinstance(value, int))


def _bad(symbol: str, left: object, right: object) -> Fault:
    return Fault(f"invalid operation: {type_name(left)} {symbol} {type_name(right)}")


def equal(frame: Frame, left: object, right: object) -> bool:
    """Numbers by value, lists by elements; never true for a bool and a number."""
    if type(left) is type(right) and type(left) in _SCALARS:
        return left == right
    if is_number(left) and is_number(right):
        return left == right
    if isinstance(left, list) and isinstance(right, list):
        frame.spend(len(left) + 1)
        return len(left) == len(right) and all(equal(frame, a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        frame.spend(len(left) + 1)
        return left.keys() == right.keys() and all(_same(frame, left[key], right[key]) for key in left)
    if isinstance(left, Time) and isinstance(right, Time):
        return left.equal(right)
    if isinstance(left, Struct) or isinstance(right, Struct):
        return left is right
    return type(left) is type(right) and left == right


def _same(frame: Frame, left: object, right: object) -> bool:
    """Within maps, types must be the same, too."""
    return type_name(left) == type_name(right) and equal(frame, left, right)


def add(frame: Frame, left: Any, right: Any) -> object:
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        total = left + right
        return wrapped(total) if type(total) is int else total
    if isinstance(left, str) and isinstance(right, str):
        frame.text(len(left) + len(right))
        return left + right
    if is_number(left) and is_number(right):
        return _arithmetic(left + right)
    return _times("+", left, right)


def subtract(frame: Frame, left: Any, right: Any) -> object:
    if is_number(left) and is_number(right):
        return _arithmetic(left - right)
    return _times("-", left, right)


def _arithmetic(value: Any) -> object:
    return wrapped(int(value)) if isinstance(value, int) else value


def _times(symbol: str, left: Any, right: Any) -> object:
    """Times and durations."""
    sign = 1 if symbol == "+" else -1
    if isinstance(right, Duration):
        if isinstance(left, Time):
            return _in_range(lambda: left.add(_duration(sign * right.nanoseconds)))
        if isinstance(left, Duration):
            return _duration(left.nanoseconds + sign * right.nanoseconds)
    if isinstance(right, Time):
        if isinstance(left, Duration) and symbol == "+":
            return _in_range(lambda: right.add(left))
        if isinstance(left, Time) and symbol == "-":
            return _in_range(lambda: left.subtract(right))
    raise _bad(symbol, left, right)


def _duration(nanoseconds: int) -> Duration:
    return Duration(wrapped(nanoseconds))


def _in_range(make: Callable[[], object]) -> object:
    try:
        return make()
    except (OverflowError, ValueError) as error:
        raise Fault(f"time out of range: {error}") from None


def multiply(frame: Frame, left: Any, right: Any) -> object:
    if is_number(left) and is_number(right):
        return _arithmetic(left * right)
    if (isinstance(left, Duration) or is_number(left)) and (isinstance(right, Duration) or is_number(right)):
        one = left.nanoseconds if isinstance(left, Duration) else left
        other = right.nanoseconds if isinstance(right, Duration) else right
        product = one * other
        return _duration(product) if isinstance(product, int) else product
    raise _bad("*", left, right)


def divide(frame: Frame, left: Any, right: Any) -> object:
    """Always a float; division by zero is infinite, or not a number."""
    if not (is_number(left) and is_number(right)):
        raise _bad("/", left, right)
    dividend, divisor = float(left), float(right)
    if divisor:
        return dividend / divisor
    if dividend == 0 or math.isnan(dividend) or math.isnan(divisor):
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1, divisor)


def modulo(frame: Frame, left: Any, right: Any) -> object:
    """The sign is that of the dividend."""
    if not (is_whole(left) and is_whole(right)):
        raise _bad("%", left, right)
    if right == 0:
        raise Fault("runtime error: integer divide by zero")
    rest = abs(int(left)) % abs(int(right))
    return -rest if left < 0 else rest


def power(frame: Frame, left: Any, right: Any) -> object:
    for value in (left, right):
        if not is_number(value):
            raise Fault(f"invalid operation: float({type_name(value)})")
    base, exponent = float(left), float(right)
    try:
        found = base**exponent if base or exponent >= 0 else math.inf
    except OverflowError:
        found = math.inf if base > 0 or exponent % 2 == 0 else -math.inf
    return math.nan if isinstance(found, complex) else float(found)


def negated(value: Any) -> object:
    if not is_number(value):
        raise Fault(f"invalid operation: - {type_name(value)}")
    return _arithmetic(-value)


def _ordering(symbol: str, compare: Callable[[Any, Any], bool]) -> Operation:
    def ordered(frame: Frame, left: Any, right: Any) -> object:
        if type(left) is type(right) and type(left) in _SCALARS:
            return compare(left, right)
        if is_number(left) and is_number(right):
            return compare(left, right)
        if isinstance(left, Time) and isinstance(right, Time):
            return compare(left.compare(right), 0)
        if isinstance(left, Duration) and isinstance(right, Duration):
            return compare(left.nanoseconds, right.nanoseconds)
        raise _bad(symbol, left, right)

    return ordered


less: Final = _ordering("<", lambda left, right: left < right)
more: Final = _ordering(">", lambda left, right: left > right)


# -- texts -------------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def pattern(text: str) -> Any:
    """Compiled once for many evaluations; linear in time, bounded in memory. Raises Fault."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise Fault(f"error parsing regexp: {_message(error.args[0])}") from None


def _message(detail: object) -> str:
    """RE2's error message in Go's wording: missing closing ): `(`."""
    told = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
    told = told.replace("missing )", "missing closing )", 1).replace("missing ]", "missing closing ]", 1)
    reason, colon, part = told.rpartition(": ")
    return f"{reason}: `{part}`" if colon else told


def matches(frame: Frame, left: Any, right: Any) -> object:
    if left is None or right is None:
        return False
    subject = left.decode("utf-8", "replace") if isinstance(left, bytes) else text(left)
    frame.text(len(subject))
    return pattern(text(right)).search(subject) is not None


def text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise conversion(value, "string")


def conversion(value: object, wanted: str) -> Fault:
    """Go's message for a failed type assertion."""
    found = "nil" if value is None else type_name(value)
    return Fault(f"interface conversion: interface {{}} is {found}, not {wanted}")


def _texts(test: Callable[[str, str], bool]) -> Operation:
    def tested(frame: Frame, left: Any, right: Any) -> object:
        if left is None or right is None:
            return False
        frame.text(len(text(left)))
        return test(left, text(right))

    return tested


BINARY: Final[Mapping[str, Operation]] = {
    "==": equal,
    "!=": lambda frame, left, right: not equal(frame, left, right),
    "<": less,
    ">": more,
    "<=": _ordering("<=", lambda left, right: left <= right),
    ">=": _ordering(">=", lambda left, right: left >= right),
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "**": power,
    "^": power,
    "matches": matches,
    "contains": _texts(lambda left, right: right in left),
    "startsWith": _texts(str.startswith),
    "endsWith": _texts(str.endswith),
}
"""Operators whose two sides are always evaluated; `in` and `..` are separate, in the compiler."""
