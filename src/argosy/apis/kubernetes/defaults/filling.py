"""Three ways of filling a field, by what absence means in Go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from argosy.machinery.objects import JsonObject, JsonValue


def fill(target: JsonObject, values: Mapping[str, JsonValue]) -> None:
    """Pointers: an explicit zero (`0`, `false`, `""`) is a choice and is kept."""
    for name, value in values.items():
        if target.get(name) is None:
            target[name] = value


def fill_empty(target: JsonObject, values: Mapping[str, JsonValue]) -> None:
    """No pointers: zero means unset."""
    for name, value in values.items():
        if not target.get(name):
            target[name] = value


def struct(target: JsonObject, name: str) -> JsonObject:
    """The struct below `name`, created when absent."""
    value = target.get(name)
    if value is None:
        value = target[name] = {}
    found: JsonObject = value
    return found


def items(target: JsonObject, name: str) -> Iterable[JsonObject]:
    found: Iterable[JsonObject] = target.get(name) or ()
    return found
