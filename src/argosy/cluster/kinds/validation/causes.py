"""Kubernetes' wording of one wrong field: the `message` of a cause, by its reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.status import Cause
from argosy.machinery.text.go_text import quoted

NOT_NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


def shown(value: JsonValue) -> str:
    """A value inside a message: strings quoted, the rest as JSON."""
    if isinstance(value, str):
        return quoted(value)
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def invalid(path: str, value: JsonValue, text: str) -> Cause:
    return Cause(path, f"Invalid value: {shown(value)}: {text}", "FieldValueInvalid")


def required(path: str, text: str = "") -> Cause:
    return Cause(path, f"Required value: {text}" if text else "Required value", "FieldValueRequired")


def unsupported(path: str, value: JsonValue, supported: Iterable[str]) -> Cause:
    listed = ", ".join(map(quoted, supported))
    return Cause(path, f"Unsupported value: {shown(value)}: supported values: {listed}", "FieldValueNotSupported")


def duplicate(path: str, value: JsonValue) -> Cause:
    return Cause(path, f"Duplicate value: {shown(value)}", "FieldValueDuplicate")


def forbidden(path: str, text: str) -> Cause:
    return Cause(path, f"Forbidden: {text}", "FieldValueForbidden")


def not_found(path: str, value: JsonValue) -> Cause:
    return Cause(path, f"Not found: {shown(value)}", "FieldValueNotFound")


def too_long(path: str, limit: int, unit: str = "bytes") -> Cause:
    return Cause(path, f"Too long: may not be more than {limit} {unit}", "FieldValueTooLong")


def not_negative(path: str, value: JsonValue) -> list[Cause]:
    return [invalid(path, value, NOT_NEGATIVE)] if isinstance(value, int) and value < 0 else []


def immutable(path: str, value: JsonValue, old: JsonValue) -> list[Cause]:
    return [] if value == old else [invalid(path, value, IMMUTABLE)]


def by_rule(path: str, value: str, rule: Callable[[str], list[str]]) -> list[Cause]:
    return [invalid(path, value, problem) for problem in rule(value)]


def one_of(path: str, value: JsonValue, supported: Iterable[str]) -> list[Cause]:
    """An enum field that must be set."""
    choices = tuple(supported)
    if value in (None, ""):
        return [required(path)]
    return [] if value in choices else [unsupported(path, value, choices)]


def one_of_or_unset(path: str, value: JsonValue, supported: Iterable[str]) -> list[Cause]:
    return [] if value in (None, "") else one_of(path, value, supported)


def duplicates(path: str, values: Iterable[tuple[str, JsonValue]]) -> list[Cause]:
    """(path below, value) pairs whose value occurred before."""
    seen: list[JsonValue] = []
    causes = []
    for below, value in values:
        if value in seen:
            causes.append(duplicate(f"{path}{below}", value))
        seen.append(value)
    return causes


def port_number(path: str, value: JsonValue) -> list[Cause]:
    if isinstance(value, int) and not 1 <= value <= 65535:
        return [invalid(path, value, "must be between 1 and 65535, inclusive")]
    return []


def members(obj: JsonObject, name: str) -> list[tuple[str, JsonObject]]:
    """(`name[i]`, item) of a list field."""
    return [(f"{name}[{index}]", item) for index, item in enumerate(obj.get(name) or ())]
