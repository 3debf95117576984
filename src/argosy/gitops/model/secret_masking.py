"""Masks Secrets for display: equal values look equal, and nothing else is revealed (spec 4.4)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from argosy.gitops.keys import LAST_APPLIED
from argosy.machinery.objects import JsonObject

MASK = "+" * 8
STEP = "+" * 4
FIELDS = ("data", "stringData")


def masked(objects: Sequence[JsonObject | None], annotations: Sequence[str] = ()) -> list[JsonObject | None]:
    """Target, live, ... of one Secret, masked together. `annotations`: names whose values are masked, too."""
    masks: dict[tuple[str, str], dict[str, str]] = {}
    return [None if obj is None else _masked(obj, masks, annotations) for obj in objects]


def _masked(obj: JsonObject, masks: dict[tuple[str, str], dict[str, str]], names: Sequence[str]) -> JsonObject:
    if obj.get("kind") != "Secret" or "/" in str(obj.get("apiVersion") or ""):
        return obj
    made = dict(obj)
    for field in FIELDS:
        if isinstance(values := obj.get(field), dict):
            made[field] = {key: _mask(masks, "data", key, value) for key, value in values.items()}
    metadata = obj.get("metadata") or {}
    marks = metadata.get("annotations") or {}
    if marks:
        shown = {key: _mask(masks, "note", key, value) if key in names else value for key, value in marks.items()}
        if LAST_APPLIED in shown:
            shown[LAST_APPLIED] = _masked_text(shown[LAST_APPLIED], masks, names)
        made["metadata"] = {**metadata, "annotations": shown}
    return made


def _masked_text(text: str, masks: dict[tuple[str, str], dict[str, str]], names: Sequence[str]) -> str:
    try:
        inner = json.loads(text)
    except ValueError:
        return MASK
    return json.dumps(_masked(inner, masks, names), separators=(",", ":")) if isinstance(inner, dict) else MASK


def _mask(masks: dict[tuple[str, str], dict[str, str]], field: str, key: str, value: object) -> str:
    known = masks.setdefault((field, key), {})
    return known.setdefault(str(value), MASK + STEP * len(known))
