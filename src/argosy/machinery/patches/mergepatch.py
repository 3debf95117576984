"""JSON merge patch (RFC 7386): apply, create, and the three-way form that kubectl apply uses for custom resources."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.jsonpatch import equal
from argosy.machinery.status import StatusError


def merge_patch(document: JsonValue, patch: JsonValue) -> JsonValue:
    """The patched document, or itself if nothing changes. Raises StatusError 400 for a patch that is not a map."""
    if not isinstance(patch, dict):
        raise StatusError(400, "BadRequest", "error decoding patch: a merge patch is an object")
    return _merge(document, patch)


def _merge(document: JsonValue, patch: JsonValue) -> JsonValue:
    if not isinstance(patch, dict):
        return patch
    if not isinstance(document, dict):
        return {key: _merge(None, value) for key, value in patch.items() if value is not None}
    result = document
    for key, value in patch.items():
        if value is None:
            if key in result:
                result = {other: item for other, item in result.items() if other != key}
            continue
        merged = _merge(document.get(key), value)
        if key not in document or not (merged is document[key] or equal(merged, document[key])):
            if result is document:
                result = dict(document)
            result[key] = merged
    return result


def create_merge_patch(before: JsonObject, after: JsonObject) -> JsonObject:
    """The patch that turns one object into the other; nulls inside `after` cannot be expressed and are left out."""
    patch: JsonObject = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(before[key], dict):
            if below := create_merge_patch(before[key], value):
                patch[key] = below
        elif not equal(before[key], value):
            patch[key] = value
    return patch


def create_three_way_merge_patch(last_applied: JsonObject, modified: JsonObject, current: JsonObject) -> JsonObject:
    """What kubectl apply sends for a kind without patch metadata.

    Additions and changes come from current -> modified, deletions from last applied -> modified.
    """
    additions = _without_nulls(create_merge_patch(current, modified))
    deletions = _only_nulls(create_merge_patch(last_applied, modified))
    return _overlay(deletions, additions)


def _without_nulls(patch: JsonObject) -> JsonObject:
    kept: JsonObject = {}
    for key, value in patch.items():
        if isinstance(value, dict):
            if not value or (below := _without_nulls(value)):
                kept[key] = below if value else value
        elif value is not None:
            kept[key] = value
    return kept


def _only_nulls(patch: JsonObject) -> JsonObject:
    kept: JsonObject = {}
    for key, value in patch.items():
        if value is None:
            kept[key] = None
        elif isinstance(value, dict) and (below := _only_nulls(value)):
            kept[key] = below
    return kept


def _overlay(under: JsonObject, over: JsonObject) -> JsonObject:
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = _overlay(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result
