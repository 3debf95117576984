"""The steps of a canary in upstream's JSON form: its field order, without empty values.

The views of apis/rollouts declare fields in upstream's order; fields that are written even if empty are listed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Final

from argosy.apis.rollouts.steps import (
    CanaryStep,
    ExperimentAnalysis,
    ExperimentStep,
    ExperimentTemplate,
    FieldReference,
    HeaderMatch,
    PluginStep,
    RunArgument,
    SetMirrorRoute,
    TemplateReference,
)
from argosy.apis.schema import parts
from argosy.machinery.objects import JsonObject, JsonValue

_ALWAYS: Final[Mapping[type, Mapping[str, JsonValue]]] = {
    ExperimentStep: {"templates": None, "analysisRunMetadata": {}},
    ExperimentTemplate: {"name": "", "specRef": "", "metadata": {}},
    ExperimentAnalysis: {"name": "", "templateName": ""},
    TemplateReference: {"templateName": ""},
    RunArgument: {"name": ""},
    FieldReference: {"fieldPath": ""},
    HeaderMatch: {"headerName": "", "headerValue": None},
    SetMirrorRoute: {"name": ""},
    PluginStep: {"name": ""},
}
"""Fields without omitempty, and structs that are not pointers, with their empty values."""

_FREE: Final[Mapping[str, tuple[str, ...]]] = {
    "selector": ("matchLabels", "matchExpressions"),
    "dryRun": ("metricName",),
    "measurementRetention": ("metricName", "limit"),
}
_RAW: Final = frozenset({"config"})
"""Kept as the user wrote it."""


def steps_json(steps: Sequence[CanaryStep]) -> JsonValue:
    return [_struct(step) for step in steps] or None


def _struct(view: Any) -> JsonObject:
    always = _ALWAYS.get(type(view), {})
    found: JsonObject = {}
    for part in parts(type(view)):
        value = _value(part.name, getattr(view, part.attribute))
        if value is not None and (value or part.attribute in _pointers(view)):
            found[part.name] = value
        elif part.name in always:
            found[part.name] = always[part.name]
    return found


def _pointers(view: Any) -> frozenset[str]:
    """Fields whose zero is written if set: None means absent."""
    return frozenset(part.attribute for part in parts(type(view)) if view.raw.get(part.name) is not None) & frozenset(
        part.attribute for part in parts(type(view)) if type(view).__dataclass_fields__[part.attribute].default is None
    )


def _value(name: str, value: Any) -> JsonValue:
    if is_dataclass(value):
        return _struct(value)
    if isinstance(value, tuple):
        return [_value(name, item) for item in value]
    if isinstance(value, dict) and name not in _RAW:
        order = _FREE.get(name)
        keys = [key for key in order if key in value] if order else sorted(value)
        return {key: _inner(value[key]) for key in keys if value[key] not in (None, {}, [])}
    return value


def _inner(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_inner(item) for item in value]
    if isinstance(value, dict):
        keys = [key for key in ("key", "operator", "values") if key in value] or sorted(value)
        if {"exact", "prefix", "regex"} >= set(value):
            keys = [key for key in ("exact", "prefix", "regex") if value.get(key)]
        return {key: value[key] for key in keys}
    return value


def view_json(view: Any) -> JsonObject:
    """One part of a step in upstream's form, as error messages show it."""
    return _struct(view)
