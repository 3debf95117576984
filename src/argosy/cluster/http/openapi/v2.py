"""The OpenAPI v2 document in gnostic's protobuf form, as requested by client-go's `OpenAPISchema()` (spec section 5).

Only definitions are filled. Extensions are sent as YAML text, and JSON is YAML.
"""

from __future__ import annotations

from collections.abc import Mapping

from argosy.cluster.http.openapi.schema import (
    V3_PREFIX,
    kind_schemas,
    type_schemas,
)
from argosy.cluster.http.representation.protobuf_text import any_value, message, named, text
from argosy.cluster.kind import Kind
from argosy.machinery.objects import JsonObject
from argosy.machinery.pieces import Pieces

V2_PREFIX = "#/definitions/"
_KEPT = ("type", "format", "description", "default", "required", "properties", "items", "additionalProperties")


def definitions(kinds: list[Kind]) -> Pieces[dict[str, JsonObject]]:
    """All definitions of all kinds, in v2 terms, by name. A group-version-kind is attached to one definition only."""
    schemas = yield from type_schemas(kinds)
    for kind in kinds:
        yield
        schemas |= kind_schemas(kind)
    found: dict[str, JsonObject] = {}
    for name, schema in sorted(schemas.items()):
        found[name] = yield from _old(schema)
    return found


def _old(schema: JsonObject) -> Pieces[JsonObject]:
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
        yield
        found["properties"] = old = {}
        for name, value in properties.items():
            old[name] = yield from _old(value)
    for key in ("items", "additionalProperties"):
        if isinstance(found.get(key), dict):
            found[key] = yield from _old(found[key])
    if found.get("x-kubernetes-int-or-string"):
        found.pop("type", None)
    return found


def swagger(kinds: list[Kind], version: str) -> Pieces[JsonObject]:
    """The same document as JSON."""
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": {},
        "definitions": (yield from definitions(kinds)),
    }


# ---- protobuf -----------------------------------------------------------------------------------------------------


def encode(document: JsonObject) -> Pieces[bytes]:
    """The gnostic `openapi.v2.Document` of the output of `swagger`."""
    info = document["info"]
    entries = yield from _all_named(document["definitions"])
    return b"".join(
        (
            text(1, document["swagger"]),
            message(2, text(1, info["title"]) + text(2, info["version"])),
            message(8, b""),
            message(9, entries),
        )
    )


def _schema(schema: JsonObject) -> Pieces[bytes]:
    parts = [
        text(1, schema.get("$ref") or ""),
        text(2, schema.get("format") or ""),
        text(4, schema.get("description") or ""),
    ]
    if schema.get("default") is not None:
        parts.append(message(5, any_value(schema["default"])))
    parts += [text(19, name) for name in schema.get("required") or ()]
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        parts.append(message(21, message(1, (yield from _schema(additional)))))
    elif additional is not None:
        parts.append(message(21, b"\x10" + bytes([bool(additional)])))
    if schema.get("type"):
        parts.append(message(22, text(1, schema["type"])))
    if isinstance(schema.get("items"), dict):
        parts.append(message(23, message(1, (yield from _schema(schema["items"])))))
    if properties := schema.get("properties"):
        parts.append(message(25, (yield from _all_named(properties))))
    parts += [message(31, named(key, any_value(schema[key]))) for key in schema if key.startswith("x-")]
    return b"".join(parts)


def _all_named(schemas: Mapping[str, JsonObject]) -> Pieces[bytes]:
    parts = []
    for name, schema in schemas.items():
        yield
        parts.append(message(1, named(name, (yield from _schema(schema)))))
    return b"".join(parts)
