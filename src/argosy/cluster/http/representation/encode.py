"""Responses as bytes: JSON, YAML, metadata only."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from argosy.cluster.http.representation.negotiate import JSON, YAML, Representation
from argosy.cluster.http.representation.yaml_text import dump_yaml
from argosy.machinery.objects import JsonObject, JsonValue

META = "meta.k8s.io"


def to_bytes(value: JsonValue, media_type: str = JSON, *, pretty: bool = False) -> bytes:
    """Compact or indented JSON with a final newline as upstream's encoder writes it, or YAML with sorted keys."""
    if media_type == YAML:
        return dump_yaml(value)
    if pretty:
        return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def partial(obj: JsonObject, version: str = "v1") -> JsonObject:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": f"{META}/{version}",
        "metadata": obj.get("metadata") or {},
    }


def partial_list(body: JsonObject, version: str = "v1") -> JsonObject:
    return {
        "kind": "PartialObjectMetadataList",
        "apiVersion": f"{META}/{version}",
        "metadata": body.get("metadata") or {},
        "items": [partial(item, version) for item in body.get("items") or ()],
    }


def is_status(body: Mapping[str, JsonValue]) -> bool:
    return body.get("kind") == "Status" and body.get("apiVersion") == "v1"


def transformed(body: JsonObject, representation: Representation) -> JsonObject:
    """The PartialObjectMetadata form of an object or list; a Status is never transformed."""
    if is_status(body):
        return body
    if representation.transform == "PartialObjectMetadataList":
        return partial_list(body, representation.version)
    return partial(body, representation.version)


def warning_header(text: str) -> str:
    """One Warning header value; control characters would end the header, so they become spaces."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    escaped = clean.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{escaped}"'
