"""Decodes protobuf to dicts in the shape of Go's JSON. Client input is hostile: bounds, depth and UTF-8 are checked."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.server.schema import facts
from argosy.server.schema.facts import Field
from argosy.server.schema.times import to_json, to_json_precise

MAX_DEPTH = 100
Read = Callable[[memoryview, int], Any]


class Undecodable(ValueError):
    """The bytes are not such a message."""


def decode(message: str, data: bytes | memoryview) -> JsonObject:
    """Raises Undecodable; unknown fields are skipped, required ones must be present."""
    try:
        found: JsonObject = _reader(message)(memoryview(data), 0)
    except (IndexError, struct.error):
        raise Undecodable("unexpected EOF") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(f"{message}: {error}") from None
    return found


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise Undecodable("a varint is longer than 10 bytes")


def _value(view: memoryview, at: int, wire: int) -> tuple[int | memoryview, int]:
    if wire == 0:
        return _varint(view, at)
    if wire == 2:
        size, at = _varint(view, at)
        end = at + size
    elif wire in (1, 5):
        end = at + (8 if wire == 1 else 4)
    else:
        raise Undecodable(f"wire type {wire} is not used")
    if end > len(view):
        raise Undecodable("unexpected EOF")
    return view[at:end], end


@cache
def _reader(name: str) -> Read:
    if (special := _SPECIAL.get(name)) is not None:
        return special
    message = facts.message(name)
    known = {field.number: (field, _one(field)) for field in message.fields}
    required = [field for field in message.fields if field.required]

    def read(view: memoryview, depth: int) -> JsonObject:
        if depth > MAX_DEPTH:
            raise Undecodable("messages are nested too deeply")
        found: JsonObject = {}
        at, end = 0, len(view)
        while at < end:
            tag, at = _varint(view, at)
            value, at = _value(view, at, tag & 7)
            if (entry := known.get(tag >> 3)) is not None:
                _put(found, entry[0], entry[1], value, tag & 7, depth)
        for field in required:
            if field.json not in found:
                raise Undecodable(f'required field "{field.name}" is missing')
        return found

    return read


def _put(found: JsonObject, field: Field, read: Read, value: int | memoryview, wire: int, depth: int) -> None:
    if field.is_map:
        key, item = read(_view(value), depth + 1)
        found.setdefault(field.json, {})[key] = item
        return
    if field.repeated and wire == 2 and field.type in _NUMBERS:
        view, at = _view(value), 0
        items = found.setdefault(field.json, [])
        while at < len(view):
            number, at = _varint(view, at)
            items.append(_SCALAR[field.type](number))
        return
    item = read(value, depth + 1)  # type: ignore[arg-type]
    if field.repeated:
        found.setdefault(field.json, []).append(item)
    elif field.mode == facts.INLINE:
        found.update(item)
    elif isinstance(item, dict) and isinstance(found.get(field.json), dict):
        found[field.json].update(item)
    else:
        found[field.json] = item


def _one(field: Field) -> Read:
    if field.is_map:
        return _map(field)
    if field.type in _SCALAR:
        convert = _SCALAR[field.type]

        def scalar(value: Any, depth: int) -> Any:
            return convert(value)

        return scalar

    def nested(value: Any, depth: int) -> Any:
        return _reader(field.type)(_view(value), depth)

    return nested


def _map(field: Field) -> Read:
    key = _one(Field(1, "key", field.key, False, False, "", "key"))
    item = _one(Field(2, "value", field.type, False, False, "", "value"))
    empty: Any = {"string": "", "bytes": ""}.get(field.type, 0 if field.type in _SCALAR else None)

    def read(view: memoryview, depth: int) -> Any:
        name: Any = ""
        value: Any = {} if empty is None else empty
        at = 0
        while at < len(view):
            tag, at = _varint(view, at)
            raw, at = _value(view, at, tag & 7)
            if tag >> 3 == 1:
                name = key(raw, depth)  # type: ignore[arg-type]
            elif tag >> 3 == 2:
                value = item(raw, depth)  # type: ignore[arg-type]
        return name, value

    return read


def _view(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise Undecodable("a number stands where a message should be")
    return value


def _text(value: Any) -> str:
    return str(_view(value), "utf-8")


def _signed64(value: Any) -> int:
    if not isinstance(value, int):
        raise Undecodable("a message stands where a number should be")
    return value - (1 << 64) if value >> 63 else value


def _signed32(value: Any) -> int:
    low = _signed64(value) & 0xFFFFFFFF
    return low - (1 << 32) if low >> 31 else low


_SCALAR: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "bytes": lambda value: base64.b64encode(_view(value)).decode(),
    "bool": lambda value: bool(_signed64(value)),
    "int64": _signed64,
    "int32": _signed32,
    "uint64": lambda value: _signed64(value) & 0xFFFFFFFFFFFFFFFF,
    "uint32": lambda value: _signed64(value) & 0xFFFFFFFF,
    "double": lambda value: struct.unpack("<d", _view(value))[0],
    "float": lambda value: struct.unpack("<f", _view(value))[0],
}
_NUMBERS = frozenset({"bool", "int32", "int64", "uint32", "uint64"})


def _numbers(view: memoryview) -> dict[int, int | memoryview]:
    found, at = {}, 0
    while at < len(view):
        tag, at = _varint(view, at)
        found[tag >> 3], at = _value(view, at, tag & 7)
    return found


def _time(view: memoryview, depth: int) -> str | None:
    parts = _numbers(view)
    return to_json(_signed64(parts.get(1, 0)), _signed64(parts.get(2, 0))) or None


def _micro_time(view: memoryview, depth: int) -> str | None:
    parts = _numbers(view)
    return to_json_precise(_signed64(parts.get(1, 0)), _signed64(parts.get(2, 0))) or None


def _json(view: memoryview, depth: int) -> Any:
    raw = _numbers(view).get(1, memoryview(b""))
    try:
        return json.loads(bytes(_view(raw))) if len(_view(raw)) else None
    except ValueError as error:
        raise Undecodable(f"embedded JSON: {error}") from None


def _int_or_string(view: memoryview, depth: int) -> Any:
    parts = _numbers(view)
    return _text(parts.get(3, memoryview(b""))) if parts.get(1) else _signed32(parts.get(2, 0))


def _ignored(view: memoryview, depth: int) -> str:
    from argosy.server.schema.go_json import ignored_yaml

    return ignored_yaml(_reader("v1alpha1.OverrideIgnoreDiff")(view, depth))


_SPECIAL: dict[str, Read] = {
    "meta.Time": _time,
    "meta.MicroTime": _micro_time,
    "runtime.RawExtension": _json,
    "apiextensions.JSON": _json,
    "meta.FieldsV1": _json,
    "intstr.IntOrString": _int_or_string,
    facts.IGNORED: _ignored,
}
