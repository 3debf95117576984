"""The OpenAPI v2 document in gnostic's protobuf form: what client-go's `OpenAPISchema()` asks for (spec section 5).

Only definitions are filled. Extensions travel as YAML text, and JSON is YAML.
"""

from __future__ import annotations

from collections.abc import Iterable

from argosy.cluster.http.openapi.schema import (
    V3_PREFIX,
    kind_schemas,
    needed_types,
    published_name,
    type_schema,
)
from argosy.cluster.http.representation.protobuf_text import any_value, message, named, text
from argosy.cluster.kind import Kind
from argosy.machinery.objects import JsonObject

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
    entries = b"".join(message(1, named(name, _schema(schema))) for name, schema in document["definitions"].items())
    return b"".join(
        (
            text(1, document["swagger"]),
            message(2, text(1, info["title"]) + text(2, info["version"])),
            message(8, b""),
            message(9, entries),
        )
    )


def _schema(schema: JsonObject) -> bytes:
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
        parts.append(message(21, message(1, _schema(additional))))
    elif additional is not None:
        parts.append(message(21, b"\x10" + bytes([bool(additional)])))
    if schema.get("type"):
        parts.append(message(22, text(1, schema["type"])))
    if isinstance(schema.get("items"), dict):
        parts.append(message(23, message(1, _schema(schema["items"]))))
    if properties := schema.get("properties"):
        parts.append(message(25, _all_named(properties.items())))
    parts += [message(31, named(key, any_value(schema[key]))) for key in schema if key.startswith("x-")]
    return b"".join(parts)


def _all_named(items: Iterable[tuple[str, JsonObject]]) -> bytes:
    return b"".join(message(1, named(name, _schema(schema))) for name, schema in items)
