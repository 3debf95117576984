"""Writes protobuf messages field by field: OpenAPI documents, and errors for clients that read only protobuf."""

from __future__ import annotations

import orjson

from argosy.machinery.objects import JsonValue


def message(number: int, content: bytes) -> bytes:
    """A nested message, or bytes, as field `number`."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def text(number: int, content: str) -> bytes:
    """A string field; an empty one is left out, as proto3 does."""
    return message(number, content.encode()) if content else b""


def flag(number: int, *, value: bool) -> bytes:
    return varint(number << 3) + bytes([value])


def named(name: str, value: bytes) -> bytes:
    """Gnostic's pairs: {name = 1, value = 2}."""
    return text(1, name) + message(2, value)


def any_value(value: JsonValue) -> bytes:
    """Gnostic's Any: YAML text as field 2, and JSON is YAML."""
    return text(2, orjson.dumps(value).decode() + "\n")


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
