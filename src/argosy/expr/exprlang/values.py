"""The values of expressions: Python's own for JSON types, Go-like ones for the rest; and how Go names and prints them.

None, bool, int, float, str, bytes, list and dict stand for nil, bool, int, float64, string, []uint8, []interface {} and
map[string]interface {}. Nothing else of Python can be accessed by an expression: members come from explicit tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from goduration.go import Duration
from gotime import Location, Month, Time, Weekday

from . import natures
from .errors import Fault
from .natures import Nature


class Int64(int):
    """Go's int64: equal to an int, but with another type name."""

    __slots__ = ()


class Typed(list[Any]):
    """A list whose Go type includes its element type: []float64, []string, []int."""

    __slots__ = ("nature",)

    def __init__(self, items: Any, nature: Nature) -> None:
        super().__init__(items)
        self.nature = nature


class AnyMap(dict[Any, Any]):
    """A map whose keys need not be strings."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function for expressions. `call` raises Fault with the message for the user."""

    call: Callable[..., object]
    least: int = 0
    most: int | None = None
    """Maximum arguments; None is any number."""
    nature: Nature = field(default=natures.function(natures.ANY, is_variadic=True))
    gives_struct: bool = False
    """Its result type is a struct, even if it returns nil: that error has another message."""

    def __call__(self, *arguments: object) -> object:
        if len(arguments) < self.least or (self.most is not None and len(arguments) > self.most):
            wanted = f"{self.least}" if self.most == self.least else f"at least {self.least}"
            raise Fault(f"invalid number of arguments: expected {wanted}, got {len(arguments)}")
        return self.call(*arguments)


@dataclass(frozen=True, slots=True, eq=False)
class Struct:
    """An object with named members, as returned by functions of the environment."""

    type_name: str
    members: Mapping[str, object]
    """Fields, and methods as Function."""
    json: object = None
    """How it is encoded; None: its fields by name."""

    def encoded(self) -> object:
        if self.json is not None:
            return self.json
        return {name: value for name, value in self.members.items() if not isinstance(value, Function)}


def floats(items: Any) -> Typed:
    return Typed(items, natures.FLOATS)


def strings(items: Any) -> Typed:
    return Typed(items, natures.STRINGS)


_NATURES: Final[Mapping[type, Nature]] = {
    type(None): natures.NIL,
    bool: natures.BOOL,
    int: natures.INT,
    Int64: natures.INT64,
    float: natures.FLOAT,
    str: natures.STRING,
    bytes: natures.BYTES,
    list: natures.ARRAY,
    dict: natures.MAP,
    AnyMap: natures.ANY_MAP,
    Time: natures.TIME,
    Duration: natures.DURATION,
    Month: natures.MONTH,
    Weekday: natures.WEEKDAY,
    Location: natures.LOCATION,
}


def nature_of(value: object) -> Nature:
    found = _NATURES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Typed | Function):
        return value.nature
    if isinstance(value, Struct):
        return natures.UNKNOWN
    raise TypeError(f"{type(value).__name__} is no value of expressions")


def type_name(value: object) -> str:
    """Like `%T`."""
    if value is None:
        return "<nil>"
    if isinstance(value, Struct):
        return value.type_name
    return nature_of(value).name


def printed(value: object) -> str:
    """Like `%v`."""
    if value is None:
        return "<nil>"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value, low=-4, high=21)
    if isinstance(value, bytes):
        return "[" + " ".join(map(str, value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(printed, value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{printed(key)}:{printed(value[key])}" for key in ordered(value)) + "]"
    if isinstance(value, Struct):
        return "{" + " ".join(map(printed, dict(value.members).values())) + "}"
    if isinstance(value, Function):
        return "func"
    return str(value)


def ordered(value: Mapping[Any, Any]) -> list[Any]:
    """Keys in Go's map printing order: numbers, then strings."""
    return sorted(value, key=lambda key: (isinstance(key, str), str(key) if isinstance(key, str) else 0, printed(key)))


def float_text(value: float, *, low: int, high: int) -> str:
    """Shortest digits; with an exponent when that of the first digit is below `low` or not below `high`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0") or "0"
    power = len(digits) - 1 + exponent if text != "0" else 0
    minus = "-" if sign else ""
    if low <= power < high:
        if power < 0:
            return f"{minus}0.{'0' * (-power - 1)}{text}"
        whole, part = text[: power + 1].ljust(power + 1, "0"), text[power + 1 :]
        return f"{minus}{whole}.{part}" if part else f"{minus}{whole}"
    part = f".{text[1:]}" if len(text) > 1 else ""
    return f"{minus}{text[0]}{part}e{'-' if power < 0 else '+'}{abs(power):02d}"
