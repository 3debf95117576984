"""Fills in defaults and prunes unknown fields (spec 12, steps 2 and 3). Both share what they do not change."""

from __future__ import annotations

from typing import TypeAlias, cast

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node

_FRAME = frozenset({"apiVersion", "kind", "metadata"})

Findings: TypeAlias = tuple[list[str], list[str]]
"""Paths of unknown fields: by the schema, and in the metadata of embedded resources."""


def _is_complete(node: Node, value: JsonObject, *, root: bool) -> bool:
    """Whether neither `prune` nor `default` can change it, as for nearly all updates; checking needs no paths.

    False for every null of a known field, and for rare schema features: the two functions decide then.
    """
    if node.embedded and "metadata" in value:
        return False
    for name in node.filled:
        if name not in value:
            return False
    properties = node.properties
    for key, item in value.items():
        below = properties.get(key) or node.additional
        if below is None:
            if not node.preserve_unknown and not (root and key in _FRAME):
                return False
        elif item is None:
            return False
        elif item.__class__ is dict:
            if not _is_complete(below, cast(JsonObject, item), root=below.embedded):
                return False
        elif item.__class__ is list and not _is_complete_list(below, item):
            return False
    return True


def _is_complete_list(node: Node, value: list[JsonValue]) -> bool:
    items = node.items
    if items is None:
        return True
    for item in value:
        if item is None:
            return False
        if item.__class__ is dict:
            if not _is_complete(items, cast(JsonObject, item), root=items.embedded):
                return False
        elif item.__class__ is list and not _is_complete_list(items, item):
            return False
    return True


def default(node: Node, obj: JsonObject) -> JsonObject:
    """Top-down, only where the parent exists. A null of a field that may not be null counts as absent."""
    return obj if _is_complete(node, obj, root=True) else cast(JsonObject, _default(node, obj))


def _default(node: Node, value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return _default_map(node, value)
    if isinstance(value, list) and node.items is not None:
        items = node.items
        filled = [_default(items, items.default if item is None and items.has_default else item) for item in value]
        return filled if any(after is not before for after, before in zip(filled, value, strict=True)) else value
    return value


def _default_map(node: Node, value: JsonObject) -> JsonObject:
    result = value
    for name in node.filled:
        below = node.properties[name]
        if value.get(name) is None and not (name in value and below.nullable):
            result = {**result, name: below.default}
    if None in value.values():
        result = {key: item for key, item in result.items() if item is not None or _keeps_null(node, key)}
    for key, item in result.items():
        found = node.properties.get(key) or node.additional
        if found is not None and item is not None:
            filled = _default(found, item)
            if filled is not item:
                result = {**result, key: filled}
    if node.additional is not None and not node.additional.nullable and None in result.values():
        free = node.additional
        dropped = {key for key, item in result.items() if item is None and key not in node.properties}
        if free.has_default:
            return {key: free.default if key in dropped else item for key, item in result.items()}
        return {key: item for key, item in result.items() if key not in dropped}
    return result


def _keeps_null(node: Node, name: str) -> bool:
    """Whether a null is kept: for a property that is nullable, or by its default, or one with a free key."""
    below = node.properties.get(name)
    return below is None or below.nullable or below.has_default


def prune(node: Node, obj: JsonObject) -> tuple[JsonObject, list[str]]:
    """The object without fields that the schema does not have, and their paths, as `spec.foo` or `spec.list[0].bar`."""
    if _is_complete(node, obj, root=True):
        return obj, []
    unknown: list[str] = []
    embedded: list[str] = []
    pruned = _prune_map(node, obj, "", (unknown, embedded), root=True)
    # Upstream checks embedded metadata after everything else: its findings come last.
    return pruned, unknown + embedded


def _prune(node: Node, value: JsonValue, path: str, unknown: Findings) -> JsonValue:
    if isinstance(value, dict):
        return _prune_map(node, value, path, unknown, root=node.embedded)
    if isinstance(value, list) and node.items is not None:
        items = node.items
        kept = [_prune(items, item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
        return kept if any(after is not before for after, before in zip(kept, value, strict=True)) else value
    return value


def _prune_map(node: Node, value: JsonObject, path: str, unknown: Findings, *, root: bool) -> JsonObject:
    result = value
    for key, item in value.items():
        if root and key in _FRAME:
            kept = _embedded_metadata(item, f"{path}.{key}", unknown[1]) if path and key == "metadata" else item
        else:
            found = node.properties.get(key) or node.additional
            here = f"{path}.{key}" if path else key
            if found is None:
                if not node.preserve_unknown:
                    unknown[0].append(here)
                    result = {name: kept for name, kept in result.items() if name != key}
                continue
            kept = _prune(found, item, here, unknown)
        if kept is not item:
            result = {**result, key: kept}
    return result


_METADATA = frozenset(
    {
        "name",
        "generateName",
        "namespace",
        "selfLink",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "labels",
        "annotations",
        "ownerReferences",
        "finalizers",
        "managedFields",
    }
)


def _embedded_metadata(value: JsonValue, path: str, unknown: list[str]) -> JsonValue:
    """The fields of ObjectMeta."""
    if not isinstance(value, dict) or value.keys() <= _METADATA:
        return value
    unknown += [f"{path}.{key}" for key in value if key not in _METADATA]
    return {key: item for key, item in value.items() if key in _METADATA}
