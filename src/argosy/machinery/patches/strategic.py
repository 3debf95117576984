"""Strategic merge patch: applying one to an object, along the schema's patch strategies (spec 10.2).

The order rules of merged lists live in `strategic_lists`; making patches lives in `strategic_create`.
"""

from __future__ import annotations

from typing import Any

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.strategic_lists import in_order, item_key, merge_key_of, without_duplicates
from argosy.machinery.schema import Node
from argosy.machinery.status import StatusError
from argosy.machinery.text import go_text

DIRECTIVE = "$patch"
DELETE_FROM_LIST = "$deleteFromPrimitiveList/"
SET_ORDER = "$setElementOrder/"
RETAIN_KEYS = "$retainKeys"

UNKNOWN = Node()
"""Below a field that is not in the schema: maps merge, lists are replaced."""


def strategic_merge(original: JsonObject, patch: JsonValue, node: Node) -> JsonObject:
    """The patched object, sharing unchanged parts. Raises StatusError 400 or 500 for a malformed patch."""
    if not isinstance(patch, dict):
        raise StatusError(400, "BadRequest", "error decoding patch: a strategic merge patch is an object")
    try:
        return _merge_map(original, patch, node)
    except RecursionError:
        raise StatusError(400, "BadRequest", "error decoding patch: nested too deeply") from None


def malformed(message: str) -> StatusError:
    return StatusError(500, "", message)


def child(node: Node, key: str) -> Node:
    return node.properties.get(key) or node.additional or UNKNOWN


def _merge_map(original: JsonObject, patch: JsonObject, node: Node) -> JsonObject:
    if DIRECTIVE in patch:
        return _map_directive(patch, node)
    result = _retained(original, patch)
    ordered: set[str] = set()
    for key, wanted in patch.items():
        if key.startswith(SET_ORDER):
            field = key[len(SET_ORDER) :]
            ordered.add(field)
            result = _ordered_list(result, patch, field, wanted, child(node, field))
    for key, value in patch.items():
        if key == RETAIN_KEYS or key.startswith(SET_ORDER) or key in ordered:
            continue
        result = _merge_field(result, key, value, node)
    return dict(result) if result is original and not original else result


def _merge_field(result: JsonObject, key: str, value: JsonValue, node: Node) -> JsonObject:
    if key.startswith(DELETE_FROM_LIST):
        return _delete_from_list(result, key[len(DELETE_FROM_LIST) :], value)
    if value is None:
        return {other: item for other, item in result.items() if other != key} if key in result else result
    before = result.get(key)
    after = _merge_value(before, value, child(node, key))
    if key in result and (after is before or (type(after) is type(before) and after == before)):
        return result
    return {**result, key: after}


def _merge_value(before: JsonValue, value: JsonValue, node: Node) -> JsonValue:
    if isinstance(value, dict):
        if "replace" in node.patch_strategy:
            return _cleaned(value)
        return _merge_map(before if isinstance(before, dict) else {}, value, node)
    if isinstance(value, list):
        if "merge" in node.patch_strategy:
            return merge_list(before if isinstance(before, list) else [], value, node)
        return value
    return value


def _map_directive(patch: JsonObject, node: Node) -> JsonObject:
    directive = patch[DIRECTIVE]
    rest = {key: value for key, value in patch.items() if key != DIRECTIVE}
    if directive == "replace":
        return rest
    if directive == "delete":
        return {}
    if directive == "merge":
        return _merge_map({}, rest, node)
    raise malformed(f"unknown patch type: {go_text.plain(directive)} in map: {go_text.plain(patch)}")


def _cleaned(value: JsonObject) -> JsonObject:
    return {key: item for key, item in value.items() if key != DIRECTIVE and item is not None}


def _retained(original: JsonObject, patch: JsonObject) -> JsonObject:
    """Drops from the original all keys that `$retainKeys` does not list."""
    if RETAIN_KEYS not in patch:
        return original
    kept = patch[RETAIN_KEYS]
    if not isinstance(kept, list):
        raise StatusError(400, "BadRequest", "invalid patch format of retainKeys")
    wanted = set(map(str, kept))
    for key, value in patch.items():
        plain = key.removeprefix(DELETE_FROM_LIST).removeprefix(SET_ORDER)
        if value is not None and key != RETAIN_KEYS and plain not in wanted:
            raise StatusError(400, "BadRequest", "invalid patch format of retainKeys")
    return {key: value for key, value in original.items() if key in wanted}


def _delete_from_list(result: JsonObject, field: str, values: JsonValue) -> JsonObject:
    if not isinstance(values, list):
        raise malformed("invalid patch format of delete primitive list")
    before = result.get(field)
    if not isinstance(before, list):
        return result
    return {**result, field: [item for item in before if item not in values]}


def _ordered_list(result: JsonObject, patch: JsonObject, field: str, order: JsonValue, node: Node) -> JsonObject:
    """`$setElementOrder/field`, together with the patch of the same field if there is one."""
    if not isinstance(order, list):
        raise malformed("invalid patch format of setElementOrder list")
    if field not in result and field not in patch:
        return result
    key = merge_key_of(node)
    before = result.get(field) if isinstance(result.get(field), list) else []
    changes = patch.get(field)
    if field in patch and changes is None:
        return {other: item for other, item in result.items() if other != field}
    if isinstance(changes, list):
        _check_order(changes, order, key, field)
        merged = merge_list(before or [], changes, node) if "merge" in node.patch_strategy else changes
    else:
        merged = before or []
    return {**result, field: in_order(merged, order, before or [], key)}


def _check_order(changes: list[JsonValue], order: list[JsonValue], key: str, field: str) -> None:
    """The patch list must be a subset of the order list, in the same relative order."""
    positions = [item_key(item, key) for item in order]
    at = 0
    for item in changes:
        if isinstance(item, dict) and DIRECTIVE in item:
            continue
        wanted = item_key(item, key)
        while at < len(positions) and positions[at] != wanted:
            at += 1
        if at == len(positions):
            raise malformed(
                f"The order in patch list:\n{go_text.plain(changes)}\n doesn't match {SET_ORDER}{field} list:\n"
                f"{go_text.plain(order)}\n"
            )


def merge_list(before: list[JsonValue], changes: list[JsonValue], node: Node) -> list[JsonValue]:
    """A list with patch strategy `merge`: objects by merge key, scalars as a set union."""
    items: list[Any] = [*before, *changes]
    if not items:
        return before
    if not all(isinstance(item, dict) is isinstance(items[0], dict) for item in items):
        raise malformed("list element types are not identical")
    if not isinstance(items[0], dict):
        merged: list[JsonValue] = without_duplicates(items)
        return in_order(merged, changes, before, "")
    key = merge_key_of(node)
    if not key:
        raise malformed("cannot merge lists without merge key")
    kept, rest, replaced = _special_items(before, changes, key)
    if replaced:
        return rest
    return in_order(_merge_items(kept, rest, key, node.items or UNKNOWN), rest, kept, key)


def _special_items(
    before: list[JsonValue], changes: list[JsonValue], key: str
) -> tuple[list[JsonValue], list[JsonValue], bool]:
    """Handles `$patch` items. Returns the remaining originals, the ordinary changes, whether the list is replaced."""
    rest: list[JsonValue] = []
    replaced = False
    for change in changes:
        directive = change.get(DIRECTIVE)
        if directive is None:
            rest.append(change)
        elif directive == "delete":
            if key not in change:
                raise malformed(without_merge_key(change, key))
            before = [item for item in before if not isinstance(item, dict) or item.get(key) != change[key]]
        elif directive == "replace":
            replaced = True
        elif directive == "merge":
            raise malformed("merging lists cannot yet be specified in the patch")
        else:
            raise malformed(f"unknown patch type: {go_text.plain(directive)} in map: {go_text.plain(change)}")
    return before, rest, replaced


def without_merge_key(item: JsonValue, key: str) -> str:
    return f"map: {go_text.plain(item)} does not contain declared merge key: {key}"


def _merge_items(before: list[JsonValue], changes: list[JsonValue], key: str, node: Node) -> list[JsonValue]:
    merged = list(before)
    for change in changes:
        if change.get(key) is None:
            raise malformed(without_merge_key(change, key))
        at = next((index for index, item in enumerate(merged) if item.get(key) == change[key]), None)
        if at is None:
            merged.append(_merge_map({}, change, node))
        else:
            merged[at] = _merge_map(merged[at], change, node)
    return merged
