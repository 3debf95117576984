"""Values for which Python has no type of its own, and operations on all values: equality, order, size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argosy.machinery.cel.errors import NO_OVERLOAD, CelError


class UInt(int):
    """An unsigned integer of 64 bits."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of a library: `kind` is the type's name, `value` what the library keeps."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Optional:
    value: Any = None
    present: bool = False


NONE = Optional()


@dataclass(frozen=True, slots=True)
class TypeValue:
    """The result of `type(x)`, and the value of type names."""

    name: str


def type_name(value: Any) -> str:
    """The name of the CEL type."""
    found = _NAMES.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Opaque):
        return value.kind
    raise CelError(NO_OVERLOAD)


_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    type(None): "null_type",
    datetime: "google.protobuf.Timestamp",
    timedelta: "google.protobuf.Duration",
    Optional: "optional_type",
    TypeValue: "type",
}
_NUMBERS = (int, float)


def equal(left: Any, right: Any) -> bool:
    """Numbers compare by value, whatever their type; otherwise values of different types are not equal."""
    kind = type(left)
    if kind is type(right):
        if kind is list:
            return len(left) == len(right) and all(map(equal, left, right))
        if kind is dict:
            return len(left) == len(right) and all(key in right and equal(left[key], right[key]) for key in left)
        if kind is Optional:
            return bool(left.present == right.present and equal(left.value, right.value))
        return bool(left == right)
    if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS):
        return not isinstance(left, bool) and not isinstance(right, bool) and left == right
    return False


def less(left: Any, right: Any) -> bool:
    """Raises CelError for values that cannot be ordered."""
    if isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS) and isinstance(left, bool) is isinstance(right, bool):
        return left < right
    if type(left) is not type(right) or not isinstance(left, str | bytes | datetime | timedelta):
        raise CelError(NO_OVERLOAD)
    return bool(left < right)


def size_of(value: Any) -> int:
    """Of strings in characters, of bytes, lists and maps in elements; 1 for anything else (upstream's actualSize)."""
    return len(value) if isinstance(value, str | bytes | list | dict) else 1
