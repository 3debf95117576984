"""OpenAPI v3 documents in gnostic's protobuf form, for clients that request it: the schemas, without the paths.

Field numbers: gnostic openapiv3/OpenAPIv3.proto. Current clients read JSON; this form is kept as small as possible.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from argosy.cluster.http.representation.protobuf_text import any_value, flag, message, named, text, varint
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.pieces import Pieces

_TEXTS = {"title": 9, "pattern": 17, "type": 25, "description": 34, "format": 35}
_FLAGS = {"nullable": 1, "exclusiveMaximum": 12, "exclusiveMinimum": 14, "uniqueItems": 20}
_NUMBERS = {"multipleOf": 10, "maximum": 11, "minimum": 13}
_COUNTS = {"maxLength": 15, "minLength": 16, "maxItems": 18, "minItems": 19, "maxProperties": 21, "minProperties": 22}
_COMBINED = {"allOf": 26, "oneOf": 27, "anyOf": 28}


def encode(document: JsonObject) -> Pieces[bytes]:
    """The `openapi.v3.Document` of a document made by `openapi_v3.document`."""
    info = document["info"]
    entries = yield from _all_named(document["components"]["schemas"])
    return b"".join(
        (
            text(1, document["openapi"]),
            message(2, text(1, info["title"]) + text(6, info["version"])),
            message(4, b""),
            message(5, message(1, entries)),
        )
    )


def _all_named(schemas: Mapping[str, JsonObject]) -> Pieces[bytes]:
    parts = []
    for name, schema in schemas.items():
        yield
        parts.append(message(1, named(name, (yield from _either(schema)))))
    return b"".join(parts)


def _either(schema: JsonObject) -> Pieces[bytes]:
    """SchemaOrReference."""
    return message(2, text(1, schema["$ref"])) if "$ref" in schema else message(1, (yield from _schema(schema)))


def _schema(schema: JsonObject) -> Pieces[bytes]:
    parts = [text(number, schema.get(key) or "") for key, number in _TEXTS.items()]
    parts += [flag(number, value=True) for key, number in _FLAGS.items() if schema.get(key) is True]
    parts += [_double(number, schema[key]) for key, number in _NUMBERS.items() if schema.get(key) is not None]
    parts += [varint(number << 3) + varint(schema[key]) for key, number in _COUNTS.items() if schema.get(key)]
    parts += [text(23, name) for name in schema.get("required") or ()]
    parts += [message(24, any_value(value)) for value in schema.get("enum") or ()]
    for key, number in _COMBINED.items():
        for item in schema.get(key) or ():
            parts.append(message(number, (yield from _either(item))))
    if isinstance(schema.get("not"), dict):
        parts.append(message(29, (yield from _schema(schema["not"]))))
    if isinstance(schema.get("items"), dict):
        parts.append(message(30, message(1, (yield from _either(schema["items"])))))
    if properties := schema.get("properties"):
        parts.append(message(31, (yield from _all_named(properties))))
    parts.append((yield from _additional(schema.get("additionalProperties"))))
    parts.append(_default(schema.get("default")))
    parts += [message(36, named(key, any_value(schema[key]))) for key in schema if key.startswith("x-")]
    return b"".join(parts)


def _additional(value: JsonValue) -> Pieces[bytes]:
    if isinstance(value, dict):
        return message(32, message(1, (yield from _either(value))))
    return b"" if value is None else message(32, flag(2, value=bool(value)))


def _default(value: JsonValue) -> bytes:
    """DefaultType holds scalars only; other defaults have no place in this form."""
    if isinstance(value, bool):
        return message(33, flag(2, value=value))
    if isinstance(value, int | float):
        return message(33, _double(1, value))
    return message(33, message(3, value.encode())) if isinstance(value, str) else b""


def _double(number: int, value: float) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<d", value)
