"""The OpenAPI v2 document in gnostic's protobuf form: what client-go's `OpenAPISchema()` asks for (spec section 5).

Only definitions are filled. Extensions travel as YAML text, and JSON is YAML.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from argosy.cluster.http.openapi_schema import (
    V3_PREFIX,
    kind_schemas,
    needed_types,
    published_name,
    type_schema,
)
from argosy.cluster.kind import Kind
from argosy.machinery.objects import JsonObject, JsonValue

V2_PREFIX = "#/definitions/"
_KEPT = ("type", "format", "description", "default", "required", "properties", "items", "additionalProperties")


def definitions(kinds: list[Kind]) -> dict[str, JsonObject]:
    """All definitions of all kinds, in v2 terms, by name. A kind's group-version-kind stands on one definition only."""
    schemas: dict[str, JsonObject] = {published_name(key): type_schema(key) for key in needed_types(kinds)}
    for kind in kinds:
        schemas |= kind_schemas(kind)
    return {name: _old(schema) for name, schema in sorted(schemas.items())}


def _old(schema: JsonObject) -> JsonObject:
    """A v3 schema as v2 can say it: plain references, no combinators, nothing nullable."""
    whole = schema.get("allOf")
    if whole and len(whole) == 1 and "$ref" in whole[0]:
        found: JsonObject = {"$ref": V2_PREFIX + whole[0]["$ref"].removeprefix(V3_PREFIX)}
        found.update(
            {key: value for key, value in schema.items() if key.startswith("x-kubernetes-") or key == "default"}
        )
        return found
    if schema.get("nullable"):
        return {key: value for key, value in schema.items() if key.startswith("x-kubernetes-")}
    found = {key: schema[key] for key in _KEPT if key in schema}
    found.update({key: value for key, value in schema.items() if key.startswith("x-kubernetes-")})
    if "oneOf" in schema:
        found["type"] = "string"
    if properties := found.get("properties"):
        found["properties"] = {name: _old(value) for name, value in properties.items()}
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = _old(found[key])
    if found.get("x-kubernetes-int-or-string"):
        found.pop("type", None)
    return found


def swagger(kinds: list[Kind], version: str) -> JsonObject:
    """The same document for those who ask for JSON."""
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": {},
        "definitions": definitions(kinds),
    }


# ---- protobuf -----------------------------------------------------------------------------------------------------


def encode(document: JsonObject) -> bytes:
    """The gnostic `openapi.v2.Document` of what `swagger` made."""
    info = document["info"]
    named = b"".join(_bytes(1, _named(name, _schema(schema))) for name, schema in document["definitions"].items())
    return b"".join(
        (
            _text(1, document["swagger"]),
            _bytes(2, _text(1, info["title"]) + _text(2, info["version"])),
            _bytes(8, b""),
            _bytes(9, named),
        )
    )


def _schema(schema: JsonObject) -> bytes:
    parts = [
        _text(1, schema.get("$ref") or ""),
        _text(2, schema.get("format") or ""),
        _text(4, schema.get("description") or ""),
    ]
    if schema.get("default") is not None:
        parts.append(_bytes(5, _any(schema["default"])))
    parts += [_text(19, name) for name in schema.get("required") or ()]
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        parts.append(_bytes(21, _bytes(1, _schema(additional))))
    elif additional is not None:
        parts.append(_bytes(21, b"\x10" + bytes([bool(additional)])))
    if schema.get("type"):
        parts.append(_bytes(22, _text(1, schema["type"])))
    if isinstance(schema.get("items"), dict):
        parts.append(_bytes(23, _bytes(1, _schema(schema["items"]))))
    if properties := schema.get("properties"):
        parts.append(_bytes(25, _all_named(properties.items())))
    parts += [_bytes(31, _named(key, _any(schema[key]))) for key in schema if key.startswith("x-")]
    return b"".join(parts)


def _all_named(items: Iterable[tuple[str, JsonObject]]) -> bytes:
    return b"".join(_bytes(1, _named(name, _schema(schema))) for name, schema in items)


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _bytes(2, value)


def _any(value: JsonValue) -> bytes:
    return _text(2, orjson.dumps(value).decode() + "\n")


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode()) if text else b""


def _bytes(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
