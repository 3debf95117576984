"""Spells JSON values as Go's fmt does, because clients see such texts inside error messages."""

from __future__ import annotations

import json

from argosy.machinery.objects import JsonValue


def plain(value: JsonValue) -> str:
    """As `%v`: `map[image:q ports:[1 2]]`, strings bare, null `<nil>`."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(plain, value)) + "]"
    return str(value)


def syntax(value: JsonValue) -> str:
    """As `%#v` of decoded JSON: `map[string]interface {}{"a":1}`, strings quoted."""
    if value is None:
        return "interface {}(nil)"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        inside = ", ".join(f"{quoted(key)}:{syntax(value[key])}" for key in sorted(value))
        return "map[string]interface {}{" + inside + "}"
    if isinstance(value, list):
        return "[]interface {}{" + ", ".join(map(syntax, value)) + "}"
    return plain(value)


def quoted(text: str) -> str:
    """As `%q`, for texts without control characters identical to JSON."""
    return json.dumps(text, ensure_ascii=False)
