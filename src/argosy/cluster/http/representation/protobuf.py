"""Reads Kubernetes' protobuf bodies into the JSON form, from the field numbers of the fact table.

Typed clients send built-in kinds this way and do not fall back (spec/embedded-kubernetes.md section 1); the server
never answers in protobuf. One reader per type, made once. Zero values of fields that JSON omits when empty are left
out, the rest is left to the strategy.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from argosy.apis.kubernetes.facts import Field, is_struct, json_fields, type_of
from argosy.cluster.http.representation.json_text import MAX_DEPTH, BodyError, parse_json
from argosy.machinery.objects import JsonObject, JsonValue

MAGIC = b"k8s\x00"

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIRST_SECOND = -62_135_596_800  # 0001-01-01, Go's zero time
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Reader = Callable[[memoryview, int], JsonValue]
"""(message bytes, nesting depth) -> JSON value."""


class Envelope(NamedTuple):
    api_version: str
    kind: str
    raw: memoryview


def open_envelope(body: bytes) -> Envelope:
    """Strips the `k8s\\0` prefix and the Unknown message. Raises BodyError."""
    if body[:4] != MAGIC:
        raise BodyError("provided data does not appear to be a protobuf message, expected prefix k8s\\x00")
    api_version = kind = ""
    raw = memoryview(b"")
    for number, wire, value in _fields(memoryview(body)[4:]):
        if wire != _BYTES:
            continue
        if number == 1:
            for inner, inner_wire, text in _fields(_bytes(value)):
                if inner_wire == _BYTES and inner == 1:
                    api_version = _text(_bytes(text))
                elif inner_wire == _BYTES and inner == 2:
                    kind = _text(_bytes(text))
        elif number == 2:
            raw = _bytes(value)
        elif number == 3 and len(_bytes(value)):
            raise BodyError("the protobuf body says a content encoding; only plain messages are read")
    return Envelope(api_version, kind, raw)


def decode(body: bytes, type_key: Callable[[str, str], str | None]) -> JsonObject:
    """A complete body. `type_key` finds the fact-table key of (apiVersion, kind), or None for a kind without facts.

    Raises BodyError for an invalid message: truncated, nested deeper than 200, or of an unknown kind.
    """
    envelope = open_envelope(body)
    key = type_key(envelope.api_version, envelope.kind)
    if key is None:
        raise BodyError(f'no kind "{envelope.kind}" is registered for version "{envelope.api_version}"')
    words = {"apiVersion": envelope.api_version, "kind": envelope.kind}
    return {**{name: word for name, word in words.items() if word}, **decode_message(envelope.raw, key)}


def decode_message(raw: memoryview | bytes, key: str) -> JsonObject:
    try:
        decoded: JsonObject = _struct_reader(key)(memoryview(raw), 0)
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise BodyError(f"the protobuf message of type {key} is malformed") from error
    return decoded


def _fields(view: memoryview) -> list[tuple[int, int, int | memoryview]]:
    """The message's fields as (number, wire type, varint or slice). Groups and bad lengths are refused."""
    found: list[tuple[int, int, int | memoryview]] = []
    at, end = 0, len(view)
    while at < end:
        tag, at = _varint(view, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value: int | memoryview
            value, at = _varint(view, at)
        else:
            if wire == _BYTES:
                length, at = _varint(view, at)
            elif wire in (_FIXED64, _FIXED32):
                length = 8 if wire == _FIXED64 else 4
            else:
                raise BodyError(f"protobuf wire type {wire} is not used by Kubernetes")
            if number == 0 or length > end - at:
                raise BodyError("the protobuf message is truncated")
            value = view[at : at + length]
            at += length
        found.append((number, wire, value))
    return found


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if at >= len(view) or shift > 63:
            raise BodyError("the protobuf message is truncated")
        byte = view[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise BodyError("the protobuf message has a number where bytes are expected")
    return value


def _text(value: memoryview) -> str:
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise BodyError("a string of the protobuf message is not UTF-8") from error


def _signed(value: int | memoryview) -> int:
    if not isinstance(value, int):
        raise BodyError("the protobuf message has bytes where a number is expected")
    return value - (1 << 64) if value >> 63 else value


# ---- values: each takes the output of `_fields`, plus the depth ----------------------------------------------------

Value = Callable[[int | memoryview, int], JsonValue]


def _message(read: Reader) -> Value:
    def value(found: int | memoryview, depth: int) -> JsonValue:
        if depth >= MAX_DEPTH:
            raise BodyError(f"the protobuf message is nested deeper than {MAX_DEPTH}")
        return read(_bytes(found), depth + 1)

    return value


def _double(found: int | memoryview, _depth: int) -> float:
    number: float = struct.unpack("<d", _bytes(found))[0]
    if number != number or number in (float("inf"), float("-inf")):
        raise BodyError("the protobuf message has a number that JSON cannot express")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _numbers(view: memoryview) -> dict[int, int | memoryview]:
    return {number: value for number, _, value in _fields(view)}


def _time(view: memoryview, _depth: int) -> str | None:
    moment = _moment(view)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def _micro_time(view: memoryview, _depth: int) -> str | None:
    moment = _moment(view)
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def _moment(view: memoryview) -> datetime | None:
    if not view:
        return None  # how Go writes its zero time
    found = _numbers(view)
    seconds, nanos = _signed(found.get(1, 0)), _signed(found.get(2, 0))
    if seconds == _FIRST_SECOND and nanos == 0:
        return None
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=nanos // 1000)
    except OverflowError as error:
        raise BodyError("the protobuf message has a time outside years 1 to 9999") from error


def _quantity(view: memoryview, _depth: int) -> str:
    found = _numbers(view).get(1)
    return _text(_bytes(found)) if found is not None else "0"


def _int_or_string(view: memoryview, _depth: int) -> int | str:
    found = _numbers(view)
    if _signed(found.get(1, 0)) == 1:
        return _text(_bytes(found.get(3, memoryview(b""))))
    return _signed(found.get(2, 0))


def _raw_json(view: memoryview, _depth: int) -> JsonValue:
    found = _numbers(view).get(1)
    return parse_json(bytes(_bytes(found))).value if found is not None and len(_bytes(found)) else None


def _schema_or_bool(view: memoryview, depth: int) -> JsonValue:
    found = _numbers(view)
    return _schema()(found[2], depth) if 2 in found else bool(_signed(found.get(1, 0)))


def _schema_or_array(view: memoryview, depth: int) -> JsonValue:
    fields = _fields(view)
    if single := [value for number, _, value in fields if number == 1]:
        return _schema()(single[-1], depth)
    return [_schema()(value, depth) for number, _, value in fields if number == 2]


def _schema_or_strings(view: memoryview, depth: int) -> JsonValue:
    fields = _fields(view)
    if single := [value for number, _, value in fields if number == 1]:
        return _schema()(single[-1], depth)
    return [_text(_bytes(value)) for number, _, value in fields if number == 2]


def _schema() -> Value:
    return _message(_struct_reader("apiextensions/v1.JSONSchemaProps"))


_MESSAGES: dict[str, Reader] = {
    "Time": _time,
    "MicroTime": _micro_time,
    "Quantity": _quantity,
    "IntOrString": _int_or_string,
    "RawExtension": _raw_json,
    "FieldsV1": _raw_json,
    "JSON": _raw_json,
    "JSONSchemaPropsOrBool": _schema_or_bool,
    "JSONSchemaPropsOrArray": _schema_or_array,
    "JSONSchemaPropsOrStringArray": _schema_or_strings,
}
_SCALARS: dict[str, Value] = {
    "string": lambda found, _depth: _text(_bytes(found)),
    "bool": lambda found, _depth: _signed(found) != 0,
    "int32": lambda found, _depth: _signed(found),
    "int64": lambda found, _depth: _signed(found),
    "double": _double,
    "bytes": lambda found, _depth: base64.b64encode(_bytes(found)).decode(),
}


def _value(spelled: str) -> Value:
    if spelled in _SCALARS:
        return _SCALARS[spelled]
    if spelled in _MESSAGES:
        return _message(_MESSAGES[spelled])
    if is_struct(spelled):
        # looked up at call time: JSONSchemaProps contains itself
        return _message(lambda view, depth: _struct_reader(spelled)(view, depth))
    if spelled.startswith("[]"):
        return _message(_wrapped_list(spelled[2:]))
    raise BodyError(f"values of type {spelled} have no protobuf form")


def _wrapped_list(spelled: str) -> Reader:
    """A list as a map's value (`extra` of user information): a message with the items as field 1."""
    item = _value(spelled)
    return lambda view, depth: [item(value, depth) for number, _, value in _fields(view) if number == 1]


# ---- structs ------------------------------------------------------------------------------------------------------

Setter = Callable[[JsonObject, int | memoryview, int], None]
_readers: dict[str, Reader] = {}


def _struct_reader(key: str) -> Reader:
    if key not in _readers:
        setters = {item.number: _setter(item) for item in type_of(key).fields if item.number}
        absent = {item.name: None for item in json_fields(key) if item.type == "Time" and not item.omit_empty}

        def read(view: memoryview, depth: int) -> JsonObject:
            found: JsonObject = dict(absent)
            for number, _, value in _fields(view):
                if setter := setters.get(number):
                    setter(found, value, depth)
            return found

        _readers[key] = read
    return _readers[key]


def _setter(item: Field) -> Setter:
    name, spelled = item.name, item.type
    if item.inline:
        value = _value(spelled)
        return lambda found, wire, depth: found.update(value(wire, depth))
    if spelled.startswith("[]"):
        return _list_setter(name, spelled[2:])
    if spelled.startswith("{}"):
        return _map_setter(name, spelled[2:])
    return _single_setter(item)


def _single_setter(item: Field) -> Setter:
    name, value = item.name, _value(item.type)
    keeps_zero = item.pointer or not item.omit_empty or is_struct(item.type) or item.type in ("IntOrString", "Quantity")

    def put(found: JsonObject, wire: int | memoryview, depth: int) -> None:
        decoded = value(wire, depth)
        if keeps_zero or decoded:
            found[name] = decoded

    return put


def _list_setter(name: str, spelled: str) -> Setter:
    value = _value(spelled)
    packed = spelled in ("int32", "int64", "bool")

    def put(found: JsonObject, wire: int | memoryview, depth: int) -> None:
        items = found.setdefault(name, [])
        if packed and not isinstance(wire, int):
            at = 0
            while at < len(wire):
                number, at = _varint(wire, at)
                items.append(value(number, depth))
        else:
            items.append(value(wire, depth))

    return put


def _map_setter(name: str, spelled: str) -> Setter:
    value = _value(spelled)
    empty: JsonValue = "0" if spelled == "Quantity" else "" if spelled in ("string", "bytes") else {}

    def put(found: JsonObject, wire: int | memoryview, depth: int) -> None:
        entry = _numbers(_bytes(wire))
        key = _text(_bytes(entry[1])) if 1 in entry else ""
        found.setdefault(name, {})[key] = value(entry[2], depth) if 2 in entry else empty

    return put
