"""Built-in types as Go's encoding/json writes them: fields in the order of the Go struct, maps sorted, `<>&` escaped.

Only a hash needs this order; everything else compares JSON by value.
"""

from __future__ import annotations

import json
from functools import cache

from argosy.apis.kubernetes.codec import printer_of, reader_of
from argosy.apis.kubernetes.facts import is_struct, json_fields
from argosy.machinery.objects import JsonObject, JsonValue

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def go_json(key: str, value: JsonObject) -> bytes:
    """The JSON text of a value of type `key` (such as `core/v1.PodTemplateSpec`). Unknown fields are left out.

    Raises `scalars.Mismatch` for a value of another type.
    """
    kept = reader_of(key)(value, [])
    if show := printer_of(key):
        show(kept)
    return dumped(_ordered(key, kept))


def dumped(value: JsonValue) -> bytes:
    """Compact JSON with Go's escapes, keys in their given order."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES).encode()


@cache
def _order(key: str) -> tuple[tuple[str, str], ...]:
    return tuple((item.name, item.type) for item in json_fields(key))


def _ordered(spelled: str, value: JsonValue) -> JsonValue:
    if value is None:
        return None
    if spelled.startswith("[]"):
        return [_ordered(spelled[2:], item) for item in value]
    if spelled.startswith("{}"):
        return {name: _ordered(spelled[2:], value[name]) for name in sorted(value)}
    if not is_struct(spelled) or not isinstance(value, dict):
        return _by_name(value)
    return {name: _ordered(form, value[name]) for name, form in _order(spelled) if name in value}


def _by_name(value: JsonValue) -> JsonObject | JsonValue:
    return {name: value[name] for name in sorted(value)} if isinstance(value, dict) else value
