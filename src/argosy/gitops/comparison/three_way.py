"""The result of a client-side apply: last applied, wanted and live, merged by patch strategies.

The result is computed directly instead of through a patch: the same result serves the comparison (does it equal live?)
and the write, which sends the difference to exactly the live version that was read (spec 4.2, 7.3).
"""

from __future__ import annotations

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.patches.jsonpatch import equal
from argosy.machinery.patches.strategic import UNKNOWN, child
from argosy.machinery.schema import Node


def applied(live: JsonObject, wanted: JsonObject, last: JsonObject, node: Node | None) -> JsonObject:
    """`live` itself if nothing changes. `node` None: lists are replaced, maps are merged (JSON merge semantics)."""
    return _merge_map(live, wanted, last, node or UNKNOWN)


def _merge_map(live: JsonObject, wanted: JsonObject, last: JsonObject, node: Node) -> JsonObject:
    result = live
    for key, value in wanted.items():
        before = live.get(key)
        after = _merge(before, value, last.get(key), child(node, key))
        if after is before and (key in live or after is None):
            continue
        if result is live:
            result = dict(live)
        if after is None:
            result.pop(key, None)
        else:
            result[key] = after
    for key in last:
        if key not in wanted and key in result:
            if result is live:
                result = dict(live)
            del result[key]
    return result


def _merge(before: JsonValue, wanted: JsonValue, last: JsonValue, node: Node) -> JsonValue:
    if isinstance(wanted, dict) and isinstance(before, dict) and "replace" not in node.patch_strategy:
        earlier = last if isinstance(last, dict) else {}
        merged = _merge_map(before, wanted, earlier, node)
        if "retainKeys" in node.patch_strategy:
            kept = {key: value for key, value in merged.items() if key in wanted}
            return merged if len(kept) == len(merged) else kept
        return merged
    if isinstance(wanted, list) and isinstance(before, list) and "merge" in node.patch_strategy:
        earlier_items = last if isinstance(last, list) else []
        return _merge_list(before, wanted, earlier_items, node)
    return before if equal(before, wanted) else wanted


def _merge_list(before: list[JsonValue], wanted: list[JsonValue], last: list[JsonValue], node: Node) -> list[JsonValue]:
    """Items by merge key, in the wanted order; live items that are not ours keep their place."""
    key = node.patch_merge_key

    def name(item: JsonValue) -> JsonValue:
        return str(item.get(key)) if key and isinstance(item, dict) else repr(item)

    live_by = {name(item): item for item in before}
    last_by = {name(item): item for item in last}
    wanted_by = {name(item): item for item in wanted}
    if len(live_by) != len(before) or len(wanted_by) != len(wanted):
        # A repeated key, such as one port for two protocols: matched by position, since the key is ambiguous.
        return before if equal(before, wanted) else wanted
    made = {
        at: _merge(live_by.get(at), item, last_by.get(at), node.items or UNKNOWN) if at in live_by else item
        for at, item in wanted_by.items()
    }
    kept = [at for at in live_by if at in made or at not in last_by]
    order = _ordered(kept, list(made))
    result = [made.get(at, live_by.get(at)) for at in order]
    unchanged = len(result) == len(before) and all(new is old for new, old in zip(result, before, strict=True))
    return before if unchanged else result


def _ordered(kept: list[JsonValue], wanted: list[JsonValue]) -> list[JsonValue]:
    """The wanted order, with the others where they were relative to the item before them."""
    ours = set(wanted)
    result, queue = [], list(wanted)
    for at in kept:
        if at not in ours:
            result.append(at)
        elif queue:
            result.append(queue.pop(0))
    return result + queue
