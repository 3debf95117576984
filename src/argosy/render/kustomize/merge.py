"""Strategic merge as Kustomize does it: lists with a merge key take the patch's items first.

Differs from the API server's (machinery/strategic.py) in order, and for kinds without a schema: lists are replaced.
"""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.render.files import ToolError

_DIRECTIVE = "$patch"


class _Removed:
    """The patch asks for the value to go."""


REMOVED = _Removed()


def merge(original: JsonObject, patch: JsonObject, node: Node | None) -> JsonObject | None:
    """The merged object, sharing nothing that may be changed later with `patch`; None when the patch deletes it."""
    merged = _merge_map(original, patch, node)
    return None if isinstance(merged, _Removed) or not merged else merged


def _merge(original: JsonValue, patch: JsonValue, node: Node | None) -> JsonValue | _Removed:
    if patch is None:
        return REMOVED
    if isinstance(patch, dict):
        if original is not None and not isinstance(original, dict):
            raise ToolError(f"patch has a map where the resource has {type(original).__name__} {original!r}")
        return _merge_map(original or {}, patch, node)
    if isinstance(patch, list):
        return _merge_list(original if isinstance(original, list) else [], patch, node)
    return patch


def _merge_map(original: JsonObject, patch: JsonObject, node: Node | None) -> JsonObject | _Removed:
    directive = patch.get(_DIRECTIVE)
    if directive == "delete":
        return REMOVED
    fields = {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive not in (None, "merge", "replace"):
        raise ToolError(f"unknown patch strategy {directive!r}: expected delete, merge or replace")
    result = {} if directive == "replace" else dict(original)
    for key, value in fields.items():
        merged = _merge(result.get(key), value, _child(node, key))
        if isinstance(merged, _Removed):
            result.pop(key, None)
        else:
            result[key] = merged
    return result


def _child(node: Node | None, key: str) -> Node | None:
    if node is None:
        return None
    return node.properties.get(key) or node.additional


def _merge_list(original: list[JsonValue], patch: list[JsonValue], node: Node | None) -> JsonValue | _Removed:
    directives = [item.get(_DIRECTIVE) for item in patch if isinstance(item, dict) and set(item) == {_DIRECTIVE}]
    items = [item for item in patch if not (isinstance(item, dict) and set(item) == {_DIRECTIVE})]
    if "delete" in directives:
        return REMOVED
    if node is None or "merge" not in node.patch_strategy or "replace" in directives:
        return [_clean(item, node.items if node else None) for item in items]
    keys = node.list_keys or ((node.patch_merge_key,) if node.patch_merge_key else ())
    if not keys:
        return [*items, *(item for item in original if item not in items)]
    return _merge_by_keys(original, items, keys, node.items)


def _clean(item: JsonValue, node: Node | None) -> JsonValue:
    """A value taken over whole; nulls and directives inside it mean nothing."""
    merged = _merge(None, item, node) if isinstance(item, dict) else item
    return {} if isinstance(merged, _Removed) else merged


def _merge_by_keys(
    original: list[JsonValue], patch: list[JsonValue], keys: tuple[str, ...], node: Node | None
) -> list[JsonValue]:
    rest = list(original)
    first: list[JsonValue] = []
    for item in patch:
        if not isinstance(item, dict):
            raise ToolError(f"list items need the merge key {keys[0]!r}, got {item!r}")
        named = {key: item[key] for key in keys if item.get(key) is not None}
        if not named:
            raise ToolError(f"list item needs the merge key {keys[0]!r}: {item!r}")
        found = next((index for index, one in enumerate(rest) if _has(one, named)), None)
        merged = _merge_map(rest.pop(found) if found is not None else {}, item, node)
        if not isinstance(merged, _Removed):
            first.append(merged)
    return [*first, *rest]


def _has(item: JsonValue, named: JsonObject) -> bool:
    return isinstance(item, dict) and all(item.get(key) == value for key, value in named.items())
