"""JSON leaves of built-in types: what each accepts, and the one form in which it is kept.

A reader takes a non-null JSON value and returns the stored value, or raises `Mismatch` in Go's wording. Quantities
and times are returned in canonical form, so equal values are equal objects.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias

from argosy.machinery.objects import JsonValue
from argosy.machinery.quantity import canonical as canonical_quantity

LeafReader: TypeAlias = Callable[[JsonValue], JsonValue]

_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)")


class Mismatch(Exception):
    """A value of the wrong type. `path` grows from the innermost field outwards while the walk unwinds."""

    def __init__(self, found: str, wanted: str, *, text: str = "", value: str = "") -> None:
        """`value`: unchanged, where it may be shown."""
        super().__init__(text)
        self.found = found
        self.wanted = wanted
        self.text = text
        self.value = value
        self.struct = ""
        self.path: list[str] = []

    def __str__(self) -> str:
        if self.text:
            return self.text
        place = f"Go struct field {self.struct}.{'.'.join(reversed(self.path))}" if self.struct else "Go value"
        return f"json: cannot unmarshal {self.found} into {place} of type {self.wanted}"


def found_type(value: JsonValue) -> str:
    """Go's word for the JSON type; non-integral numbers are quoted, as Go does for integer fields."""
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "number"
        case float():
            return f"number {value!r}"
        case list():
            return "array"
        case _:
            return "object"


def _integer(bits: int) -> LeafReader:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    wanted = f"int{bits}"

    def read(value: JsonValue) -> int:
        if type(value) is not int:
            raise Mismatch(found_type(value), wanted)
        if not low <= value <= high:
            raise Mismatch(f"number {value}", wanted)
        return value

    return read


def read_string(value: JsonValue) -> str:
    if type(value) is not str:
        raise Mismatch(found_type(value), "string")
    return value


def read_bool(value: JsonValue) -> bool:
    if type(value) is not bool:
        raise Mismatch(found_type(value), "bool")
    return value


def read_double(value: JsonValue) -> JsonValue:
    if type(value) is not int and type(value) is not float:
        raise Mismatch(found_type(value), "float64")
    return value


def read_bytes(value: JsonValue) -> str:
    """Standard base64 with padding; line breaks inside are dropped, as Go's decoder does."""
    if type(value) is not str:
        raise Mismatch(found_type(value), "[]uint8")
    text = value.replace("\n", "").replace("\r", "") if "\n" in value or "\r" in value else value
    try:
        binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        # The value may be a secret: it is never repeated.
        raise Mismatch("", "", text="illegal base64 data") from None
    return text


def read_quantity(value: JsonValue) -> str:
    if type(value) is int or type(value) is float:
        return _quantity(str(value))
    if type(value) is not str:
        raise Mismatch(found_type(value), "resource.Quantity")
    return _quantity(value)


@lru_cache(maxsize=4096)
def _quantity(text: str) -> str:
    try:
        return canonical_quantity(text.strip())
    except ValueError:
        pattern = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
        raise Mismatch("", "", text=f"quantities must match the regular expression '{pattern}'", value=text) from None


def read_int_or_string(value: JsonValue) -> JsonValue:
    if type(value) is str:
        return value
    return _integer_or_string(value)


_integer_or_string = _integer(32)


def read_time(value: JsonValue) -> str:
    if type(value) is str and _SECONDS.fullmatch(value):
        return value
    return _instant(value).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_micro_time(value: JsonValue) -> str:
    return _instant(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _instant(value: JsonValue) -> datetime:
    if type(value) is not str:
        raise Mismatch(found_type(value), "string")
    found = _INSTANT.fullmatch(value)
    if found is None:
        layout = "2006-01-02T15:04:05Z07:00"
        text = f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"'
        raise Mismatch("", "", text=text)
    seconds, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(seconds + ("+00:00" if zone == "Z" else zone))
    except ValueError:
        raise Mismatch("", "", text=f'parsing time "{value}": out of range') from None
    micros = int((fraction or "0")[:6].ljust(6, "0"))
    return (moment + timedelta(microseconds=micros)).astimezone(UTC)


def read_object(value: JsonValue) -> JsonValue:
    if type(value) is not dict:
        raise Mismatch(found_type(value), "runtime.RawExtension")
    return value


def read_any(value: JsonValue) -> JsonValue:
    return value


LEAF_READERS: dict[str, LeafReader] = {
    "string": read_string,
    "bool": read_bool,
    "int32": _integer(32),
    "int64": _integer(64),
    "double": read_double,
    "bytes": read_bytes,
    "Quantity": read_quantity,
    "IntOrString": read_int_or_string,
    "Time": read_time,
    "MicroTime": read_micro_time,
    "RawExtension": read_any,
    "FieldsV1": read_object,
    "JSON": read_any,
    "any": read_any,
}

LEAF_ZEROS: dict[str, JsonValue] = {
    "string": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "double": 0,
    "bytes": None,
    "Quantity": "0",
    "IntOrString": 0,
    "Time": None,
    "MicroTime": None,
    "RawExtension": None,
    "FieldsV1": None,
    "JSON": None,
    "any": None,
}
"""What Go prints for an unset value that is not a pointer."""

STRUCT_LEAVES = frozenset({"Quantity", "IntOrString", "Time", "MicroTime", "RawExtension", "FieldsV1", "JSON"})
"""Structs in Go: omitempty never omits them, omitzero does."""
