"""Converts values of paths and queries to fields of a request: dotted names, numbers, booleans, lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from argosy.machinery.objects import JsonObject
from argosy.server.errors import invalid
from argosy.server.schema import facts
from argosy.server.schema.facts import Field
from argosy.server.transport.routing import BadPath, unescaped

TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def pairs(query: str) -> list[tuple[str, str]]:
    """Raises ApiError for an invalid escape."""
    found = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            try:
                found.append((unescaped(name.replace("+", " ")), unescaped(value.replace("+", " "))))
            except BadPath as error:
                raise invalid(str(error)) from None
    return found


def put_all(request: JsonObject, message: str, values: Iterable[tuple[str, str]], *, skip: frozenset[str]) -> None:
    """Ignores names that the message does not have, and those in `skip`. Raises ApiError."""
    for name, value in values:
        if name not in skip and not any(name.startswith(f"{outer}.") for outer in skip):
            put(request, message, name, value)


def put(request: JsonObject, message: str, name: str, value: str) -> None:
    target = request
    *outer, last = name.split(".")
    for part in outer:
        if (field := _field(message, part)) is None or not facts.is_message(field.type) or field.repeated:
            return
        message = field.type
        target = target.setdefault(field.json, {})
        if not isinstance(target, dict):
            return
    field = _field(message, last)
    if field is None or field.is_map or (facts.is_message(field.type) and field.type != "meta.Time"):
        return
    converted = _value(field, value)
    if field.repeated:
        target.setdefault(field.json, []).append(converted)
    else:
        target[field.json] = converted  # the last value wins


def _field(message: str, name: str) -> Field | None:
    found = facts.message(message)
    return found.field(name) or next((item for item in found.fields if item.json == name), None)


def _value(field: Field, text: str) -> Any:
    if field.type == "bool":
        if text in TRUE or text in FALSE:
            return text in TRUE
        raise invalid(f'{field.name}: "{text[:64]}" is not a boolean: true or false is expected')
    if field.type in ("int32", "int64", "uint32", "uint64"):
        try:
            number = int(text) if text.isascii() and len(text) < 21 else None
        except ValueError:
            number = None
        low, high = (-(1 << 63), (1 << 63) - 1) if field.type == "int64" else (-(1 << 31), (1 << 32) - 1)
        if number is None or not low <= number <= high:
            raise invalid(f'{field.name}: "{text[:64]}" is not a whole number')
        return number
    return text
