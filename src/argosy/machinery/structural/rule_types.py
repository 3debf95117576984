"""Schemas as types of CEL, with the bounds that costs are estimated from.

Source: apiserver pkg/cel/common/schemas.go. A value without a bound of its own is bounded by the size of a request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from argosy.machinery.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    Type,
)
from argosy.machinery.objects import JsonObject
from argosy.machinery.structural.cel import escape

REQUEST_BYTES = 3 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_METADATA: JsonObject = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}},
}
_FRAME: Mapping[str, JsonObject] = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
_KEY = Type(STRING.name, most=0)
"""For a map: upstream gives it no size at all, so that reading it costs next to nothing."""
_FORMATS = {"date": (TIMESTAMP, 12), "date-time": (TIMESTAMP, 27), "duration": (DURATION, 32)}


def declared_type(schema: JsonObject, *, is_resource: bool = False, label: str = "self") -> Type | None:
    """None for a value without any type: no rule can access it. `is_resource`: it has apiVersion, kind and metadata."""
    if schema.get("x-kubernetes-int-or-string"):
        return Type("dyn", least=1, most=REQUEST_BYTES - 2)
    match schema.get("type"):
        case "object":
            return _object(schema, is_resource or bool(schema.get("x-kubernetes-embedded-resource")), label)
        case "array":
            return _array(schema, label)
        case "string":
            return _text(schema)
        case "integer":
            return Type(INT.name, least=1, most=1)
        case "number":
            return Type(DOUBLE.name, least=1, most=1)
        case "boolean":
            return Type(BOOL.name, least=4, most=1)
    return None


def _object(schema: JsonObject, is_resource: bool, label: str) -> Type:
    additional = schema.get("additionalProperties")
    if isinstance(additional, dict):
        values = declared_type(additional, label=f"{label}.@values")
        if values is None:
            return DYN
        most = _bound(schema.get("maxProperties"), (REQUEST_BYTES - 2) // (values.least + 6))
        return Type("map", (_KEY, values), least=2, most=most)
    properties = dict(schema.get("properties") or {})
    if is_resource:
        properties |= {**_FRAME, "metadata": _METADATA}
    fields: dict[str, Type] = {}
    least = 2
    required = schema.get("required") or ()
    for name, below in properties.items():
        found = declared_type(below, label=f"{label}.{name}")
        if found is None or not _NAME.fullmatch(escape(name)):
            continue
        fields[escape(name)] = found
        if name in required and "default" not in below:
            least += len(name) + found.least + 4
    return Type("object", fields=fields, least=least, label=label, most=1)


def _array(schema: JsonObject, label: str) -> Type:
    items = schema.get("items")
    element = declared_type(items, label=f"{label}.@idx") if isinstance(items, dict) else None
    if element is None:
        return DYN
    most = _bound(schema.get("maxItems"), (REQUEST_BYTES - 2) // (element.least + 1))
    return Type("list", (element,), least=2, most=most)


def _text(schema: JsonObject) -> Type:
    form = schema.get("format")
    if form in _FORMATS:
        kind, size = _FORMATS[form]
        return Type(kind.name, least=2, most=size)
    kind = BYTES if form == "byte" else STRING
    longest = schema.get("maxLength")
    if longest is not None:  # in characters; a character has four bytes at most
        return Type(kind.name, least=2, most=max(0, int(longest)) * (1 if kind is BYTES else 4))
    words = [word for word in schema.get("enum") or () if isinstance(word, str)]
    return Type(kind.name, least=2, most=max(map(len, words)) if words else REQUEST_BYTES - 2)


def _bound(given: float | None, otherwise: int) -> int:
    return otherwise if given is None else max(0, int(given))
