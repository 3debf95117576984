"""Labels and annotations that pods carry only while they are canary, preview, stable or active. Section 8.2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts.steps import PodMetadata
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject

EPHEMERAL: Final = "rollout.argoproj.io/ephemeral-metadata"
"""What was injected, as JSON: only that may be removed again."""
_KINDS: Final = ("annotations", "labels")


def plain(metadata: PodMetadata | None) -> JsonObject:
    """JSON in upstream's key order, as in the annotation."""
    if metadata is None:
        return {}
    parts = {"labels": metadata.labels, "annotations": metadata.annotations}
    return {kind: dict(sorted(values.items())) for kind, values in parts.items() if values}


def injected(found: ReplicaSet) -> PodMetadata | None:
    """The metadata injected into the ReplicaSet's template; None if it cannot be parsed."""
    try:
        kept = json.loads(found.annotations.get(EPHEMERAL) or "null")
    except ValueError:
        return None
    return read(PodMetadata, kept) if isinstance(kept, dict) else None


def with_metadata(
    metadata: Mapping[str, Any], existing: PodMetadata | None, desired: PodMetadata | None
) -> tuple[JsonObject, bool]:
    """The metadata with what is wanted and without what was injected before; and whether that is a change."""
    changed, result = False, dict(metadata)
    for kind in _KINDS:
        had = dict(result.get(kind) or {})
        wants: dict[str, str] = getattr(desired, kind, None) or {}
        before: dict[str, str] = getattr(existing, kind, None) or {}
        gone = [key for key in before if key not in wants and key in had]
        added = {key: value for key, value in wants.items() if had.get(key, "") != value}
        if gone or added:
            changed = True
            result[kind] = {key: value for key, value in {**had, **added}.items() if key not in gone}
            if not result[kind]:
                del result[kind]
    return result, changed


def patch_for(found: ReplicaSet, desired: PodMetadata | None) -> JsonObject | None:
    """The merge patch that adds the metadata to a ReplicaSet's template; None if nothing changes."""
    before = found.template.get("metadata") or {}
    after, changed = with_metadata(before, injected(found), desired)
    if not changed:
        return None
    note = json.dumps(plain(desired), separators=(",", ":")) if desired is not None else None
    return {
        "metadata": {"annotations": {EPHEMERAL: note}},
        "spec": {"template": {"metadata": difference(before, after)}},
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> JsonObject:
    """The merge patch from one metadata to the other."""
    patch: JsonObject = {}
    for kind in _KINDS:
        old: Mapping[str, str] = before.get(kind) or {}
        new: Mapping[str, str] = after.get(kind) or {}
        found: JsonObject = {key: value for key, value in new.items() if old.get(key) != value}
        found |= dict.fromkeys(key for key in old if key not in new)
        if found:
            patch[kind] = found
    return patch
