"""Merges an applied configuration into a live object (spec 10.4, step 1), sharing what does not change."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply.structure import BadItem, below, element, form


def merge(live: JsonObject, config: JsonObject, node: Node) -> JsonObject:
    """Maps field by field, identified items one by one, everything else is taken from the configuration."""
    result = live
    for key, wanted in config.items():
        if key not in live:
            result = {**result, key: wanted}
            continue
        before = live[key]
        after = _merge_value(before, wanted, below(node, key))
        if after is not before:
            result = {**result, key: after}
    return result


def _merge_value(before: JsonValue, wanted: JsonValue, node: Node) -> JsonValue:
    if before is wanted or (type(before) is type(wanted) and before == wanted):
        return before
    shape = form(node, wanted if wanted is not None else before)
    if shape == "atom" or not (before or wanted) or before is None:
        return wanted
    if shape != form(node, before):
        return wanted
    if shape == "map":
        return merge(before, wanted or {}, node)
    return _merge_items(before, wanted or [], node)


def _names(items: list[JsonValue], node: Node) -> list[str]:
    """Path elements by position. An item without identity gets a unique one."""
    names = []
    for index, item in enumerate(items):
        try:
            names.append(element(item, node))
        except BadItem:
            names.append(f"?:{index}")
    return names


def _merge_items(live: list[JsonValue], config: list[JsonValue], node: Node) -> list[JsonValue]:
    """Items in both lists follow the configuration's order, others keep their place between them."""
    left, right = _names(live, node), _names(config, node)
    live_by, config_by = dict(zip(left, live, strict=True)), dict(zip(right, config, strict=True))
    item_node = node.items or Node()
    out: list[JsonValue] = []
    for side, index in _sequence(left, right):
        if side == "live":
            out.append(live[index])
        else:
            name, wanted = right[index], config_by[right[index]]
            out.append(_merge_value(live_by[name], wanted, item_node) if name in live_by else wanted)
    same = len(out) == len(live) and all(after is before for after, before in zip(out, live, strict=True))
    return live if same else out


def _sequence(left: list[str], right: list[str]) -> Iterator[tuple[str, int]]:
    """The source of the next item: the live list or the configuration. Shared items come from the configuration."""
    in_left, in_right = set(left), set(right)
    shared = deque(name for name in right if name in in_left)
    i = j = 0
    while i < len(left) or j < len(right):
        if i < len(left) and left[i] not in in_right:
            yield "live", i
            i += 1
        elif j == len(right):
            i += 1  # the rest of the live list was already merged from the configuration
        elif i < len(left) and left[i] != right[j] and shared and shared[0] != left[i]:
            i += 1  # merged at its position in the configuration
        else:
            i += i < len(left) and left[i] == right[j]
            if shared and shared[0] == right[j]:
                shared.popleft()
            yield "config", j
            j += 1
