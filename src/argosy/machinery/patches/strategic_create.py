"""Creates strategic merge patches: from two objects, and from three like client-side kubectl apply.

The three-way form takes additions and changes from current -> modified, deletions from last applied -> modified, and
sets the wanted order of merged lists. Source: spec 10.2.
"""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.jsonpatch import equal
from argosy.machinery.patches.strategic import (
    DELETE_FROM_LIST,
    DIRECTIVE,
    RETAIN_KEYS,
    SET_ORDER,
    UNKNOWN,
    child,
    malformed,
    without_merge_key,
)
from argosy.machinery.patches.strategic_lists import item_key, merge_key_of
from argosy.machinery.schema import Node


def create_two_way_patch(before: JsonObject, after: JsonObject, node: Node) -> JsonObject:
    """The patch that turns one object into the other."""
    return _maps(before, before, after, node)


def create_three_way_patch(
    last_applied: JsonObject, modified: JsonObject, current: JsonObject, node: Node
) -> JsonObject:
    """The patch that brings `current` to `modified`, deleting only what `last_applied` had."""
    return _maps(last_applied, current, modified, node)


def _maps(last: JsonObject, current: JsonObject, wanted: JsonObject, node: Node) -> JsonObject:
    """`last`: determines deletions; `current`: what changes are compared to; both are the old object in two-way."""
    patch: JsonObject = {key: None for key in last if key not in wanted and last[key] is not None}
    for key, value in wanted.items():
        if value is None:
            continue
        _field(key, last.get(key), current.get(key), value, child(node, key), patch)
    if patch and "retainKeys" in node.patch_strategy:
        patch[RETAIN_KEYS] = sorted(key for key, value in wanted.items() if value is not None)
    return patch


def _field(key: str, last: JsonValue, current: JsonValue, wanted: JsonValue, node: Node, patch: JsonObject) -> None:
    if isinstance(wanted, dict) and isinstance(current, dict):
        if "replace" in node.patch_strategy:
            if not equal(current, wanted):
                patch[key] = {DIRECTIVE: "replace", **wanted}
            return
        below = _maps(last if isinstance(last, dict) else {}, current, wanted, node)
        if below:
            patch[key] = below
    elif isinstance(wanted, list) and isinstance(current, list) and "merge" in node.patch_strategy:
        _list(key, last if isinstance(last, list) else [], current, wanted, node, patch)
    elif not equal(current, wanted):
        patch[key] = wanted


def _list(
    key: str,
    last: list[JsonValue],
    current: list[JsonValue],
    wanted: list[JsonValue],
    node: Node,
    patch: JsonObject,
) -> None:
    merge_key = merge_key_of(node)
    if merge_key:
        for item in (*current, *wanted, *last):
            if not isinstance(item, dict) or item.get(merge_key) is None:
                raise malformed(without_merge_key(item, merge_key))
        changes = _item_changes(last, current, wanted, merge_key, node.items or UNKNOWN)
        order: list[JsonValue] = [{merge_key: item[merge_key]} for item in wanted]
    else:
        changes = _missing(current, wanted)
        order = list(wanted)
        if gone := _missing(wanted, last):
            patch[DELETE_FROM_LIST + key] = gone
    if changes:
        patch[key] = changes
    if changes or DELETE_FROM_LIST + key in patch or not _in_order(current, wanted, merge_key):
        patch[SET_ORDER + key] = order


def _item_changes(
    last: list[JsonValue], current: list[JsonValue], wanted: list[JsonValue], key: str, node: Node
) -> list[JsonValue]:
    last_by = {item_key(item, key): item for item in last}
    current_by = {item_key(item, key): item for item in current}
    changes: list[JsonValue] = []
    for item in wanted:
        name = item_key(item, key)
        if name not in current_by:
            changes.append(item)
            continue
        below = _maps(last_by.get(name, {}), current_by[name], item, node)
        if below:
            changes.append({**below, key: item[key]})
    wanted_names = {item_key(item, key) for item in wanted}
    changes += [{DIRECTIVE: "delete", key: item[key]} for name, item in last_by.items() if name not in wanted_names]
    return changes


def _missing(there: list[JsonValue], wanted: list[JsonValue]) -> list[JsonValue]:
    present = {item_key(item, "") for item in there}
    return [item for item in wanted if item_key(item, "") not in present]


def _in_order(current: list[JsonValue], wanted: list[JsonValue], key: str) -> bool:
    names = [item_key(item, key) for item in wanted]
    known = set(names)
    return [name for item in current if (name := item_key(item, key)) in known] == names
