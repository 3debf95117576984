"""Arguments that a Rollout passes to an analysis: values, hashes of its ReplicaSets, fields of its own JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.steps import RunArgument
from argosy.apis.rollouts.templates import TemplateError
from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.text.go_text import plain, quoted

_SUBSCRIPT = re.compile(r"(.*)\['([^']*)'\]")


def run_arguments(args: Sequence[RunArgument], rollout: Rollout, *, latest: str, stable: str) -> list[JsonObject]:
    """Resolves them to plain values. Raises TemplateError for a path that does not exist."""
    return [{"name": arg.name, "value": _value(arg, rollout, latest, stable)} for arg in args]


def _value(arg: RunArgument, rollout: Rollout, latest: str, stable: str) -> str:
    source = arg.value_from
    if source is None:
        return arg.value
    if source.pod_template_hash_value:
        return {"Latest": latest, "Stable": stable}.get(source.pod_template_hash_value, arg.value)
    if source.field_ref is None:
        return arg.value
    path = source.field_ref.field_path
    return metadata_field(rollout, path) if path.startswith("metadata") else field(rollout, path)


def metadata_field(rollout: Rollout, path: str) -> str:
    """As in the downward API. Raises TemplateError for an unsupported field."""
    metadata = rollout.raw.get("metadata") or {}
    if found := _SUBSCRIPT.fullmatch(path):
        kind = {"metadata.annotations": "annotations", "metadata.labels": "labels"}.get(found[1])
        if kind is None:
            raise TemplateError(f"fieldPath {quoted(path)} does not support subscript")
        return str((metadata.get(kind) or {}).get(found[2], ""))
    if path in ("metadata.annotations", "metadata.labels"):
        values = metadata.get(path.removeprefix("metadata.")) or {}
        return "\n".join(f"{key}={quoted(values[key])}" for key in sorted(values))
    if path in ("metadata.name", "metadata.namespace", "metadata.uid"):
        return str(metadata.get(path.removeprefix("metadata.")) or "")
    raise TemplateError(f"unsupported fieldPath: {path}")


def field(rollout: Rollout, path: str) -> str:
    """A path into the Rollout's JSON that ends in a scalar. Raises TemplateError."""
    value: JsonValue = rollout.raw
    for section in filter(None, re.split(r"[.\[\]]+", path)):
        value = _member(value, section, path)
    if value is None:
        raise TemplateError(f"invalid path {path} in rollout")
    if isinstance(value, dict | list):
        raise TemplateError(f"path {path} in rollout must terminate in a primitive value")
    return plain(value)


def _member(value: JsonValue, section: str, path: str) -> JsonValue:
    if isinstance(value, list):
        if not section.lstrip("-").isdecimal():
            raise TemplateError(f"invalid index '{section}'")
        if not 0 <= int(section) < len(value):
            raise TemplateError(f"index {int(section)} out of range")
        return value[int(section)]
    if isinstance(value, dict):
        return value.get(section)
    raise TemplateError(f"invalid path {path} in rollout")
