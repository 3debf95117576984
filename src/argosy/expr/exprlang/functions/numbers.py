"""abs, round, max, mean, bits and so on."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from argosy.expr.exprlang.errors import Fault
from argosy.expr.exprlang.frame import Frame
from argosy.expr.exprlang.operators import is_number, is_whole, less, more, wrapped
from argosy.expr.exprlang.values import type_name

_BITS: Final = 64
_DEEPEST: Final = 100


def _abs(frame: Frame, value: Any) -> object:
    if not is_number(value):
        raise Fault(f"invalid argument for abs (type {type_name(value)})")
    return wrapped(abs(int(value))) if isinstance(value, int) else abs(value)


def _rounding(name: str, how: Callable[[float], float]) -> Callable[[Frame, Any], float]:
    def rounded(frame: Frame, value: Any) -> float:
        if not is_number(value):
            raise Fault(f"invalid argument for {name} (type {type_name(value)})")
        number = float(value)
        return float(how(number)) if math.isfinite(number) else number

    return rounded


def _half_away(value: float) -> float:
    """Rounds half away from zero."""
    whole = math.trunc(value)
    return float(whole + math.copysign(1, value)) if abs(value - whole) >= 0.5 else float(whole)


def _numbers(frame: Frame, name: str, values: Any, depth: int = 0) -> Iterator[Any]:
    """Over arguments and lists within them."""
    if depth > _DEEPEST:
        raise Fault("recursion depth exceeded")
    frame.spend(len(values))
    for value in values:
        if isinstance(value, list):
            yield from _numbers(frame, name, value, depth + 1)
        elif is_number(value):
            yield value
        else:
            raise Fault(f"invalid argument for {name} (type {type_name(value)})")


def _extreme(name: str, replaces: Callable[[Frame, Any, Any], object]) -> Callable[..., object]:
    def found(frame: Frame, *values: Any) -> object:
        if len(values) == 1 and not isinstance(values[0], list) and not is_number(values[0]):
            return values[0]
        best: Any = None
        for value in _numbers(frame, name, values):
            if best is None or replaces(frame, best, value):
                best = value
        return best

    return found


def _mean(frame: Frame, *values: Any) -> float:
    numbers = [float(value) for value in _numbers(frame, "mean", values)]
    return sum(numbers) / len(numbers) if numbers else 0.0


def _median(frame: Frame, *values: Any) -> float:
    numbers = sorted(float(value) for value in _numbers(frame, "median", values))
    if not numbers:
        return 0.0
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


def _bits(name: str, operation: Callable[[int, int], int], *, is_shift: bool = False) -> Callable[..., int]:
    def found(frame: Frame, left: Any, right: Any) -> int:
        for value in (left, right):
            if not is_whole(value):
                raise Fault(f"cannot use {type_name(value)} as argument (type int) to call {name}")
        if is_shift and right < 0:
            raise Fault(f"invalid operation: negative shift count {right} (type int)")
        return wrapped(operation(int(left), min(int(right), _BITS) if is_shift else int(right)))

    return found


def _bit_not(frame: Frame, value: Any) -> int:
    if not is_whole(value):
        raise Fault(f"cannot use {type_name(value)} as argument (type int) to call bitnot")
    return ~int(value)


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "abs": _abs,
    "ceil": _rounding("ceil", math.ceil),
    "floor": _rounding("floor", math.floor),
    "round": _rounding("round", _half_away),
    "max": _extreme("max", less),
    "min": _extreme("min", more),
    "mean": _mean,
    "median": _median,
    "bitand": _bits("bitand", lambda left, right: left & right),
    "bitor": _bits("bitor", lambda left, right: left | right),
    "bitxor": _bits("bitxor", lambda left, right: left ^ right),
    "bitnand": _bits("bitnand", lambda left, right: left & ~right),
    "bitshl": _bits("bitshl", lambda left, right: left << right, is_shift=True),
    "bitshr": _bits("bitshr", lambda left, right: left >> right, is_shift=True),
    "bitushr": _bits("bitushr", lambda left, right: (left % 2**_BITS) >> right, is_shift=True),
    "bitnot": _bit_not,
}
