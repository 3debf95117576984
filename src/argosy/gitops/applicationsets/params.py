"""Sets of parameters: nested JSON for Go templates, flat texts for plain ones; flattening and selection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from argosy.expr.gotemplate import number_text
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.selectors import SelectorError, label_selector_of


class GeneratorError(Exception):
    """A generator, or its input, is invalid: nothing is created, changed or deleted. Never names a secret.

    `retry_after`: seconds that a host asked to wait.
    """

    def __init__(self, message: str, *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def text_of(value: JsonValue) -> str:
    """A scalar as Go prints it after parsing JSON: every number is a float64 (`3`, `1e+07`)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return number_text(float(value))
    return value if isinstance(value, str) else str(value)


def flattened(values: JsonObject) -> dict[str, str]:
    """`{a: {b: 1}, c: [x]}` is `{a.b: "1", c.0: "x"}`; empty maps and lists are left out."""
    return dict(_leaves(values, ""))


def _leaves(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves(item, f"{prefix}.{at}" if prefix else str(at))
    else:
        yield prefix, text_of(value)


def selected(sets: list[JsonObject], selector: JsonObject | None) -> list[JsonObject]:
    """Those whose flattened parameters match; no selector matches all. Raises GeneratorError."""
    if not selector:
        return sets
    try:
        wanted = label_selector_of(selector)
    except SelectorError as error:
        raise GeneratorError(f"error parsing label selector: {error}") from None
    return [values for values in sets if wanted.matches(flattened(values))]


def deep_merged(under: JsonObject, over: JsonObject) -> JsonObject:
    """`over` wins, map by map; neither is changed."""
    made = dict(under)
    for key, value in over.items():
        before = made.get(key)
        made[key] = deep_merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return made
