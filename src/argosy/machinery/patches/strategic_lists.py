"""The order of a list after a strategic merge: items in the patch follow the patch, the rest follow the server.

Source: spec/embedded-kubernetes.md section 10.2; new items come before server-only ones.
"""

from __future__ import annotations

import orjson

from argosy.machinery.objects import JsonValue
from argosy.machinery.schema import Node


def merge_key_of(node: Node) -> str:
    return node.patch_merge_key


def item_key(item: JsonValue, key: str) -> JsonValue:
    """The identity of an item: the value of its merge key, or itself for scalars; hashable."""
    value = item.get(key) if key and isinstance(item, dict) else item
    return orjson.dumps(value) if isinstance(value, dict | list) else (type(value) is bool, value)


def without_duplicates(items: list[JsonValue]) -> list[JsonValue]:
    return list({item_key(item, ""): item for item in reversed(items)}.values())[::-1]


def in_order(merged: list[JsonValue], wanted: list[JsonValue], server: list[JsonValue], key: str) -> list[JsonValue]:
    """`merged`, ordered by the patch's list `wanted` and the server's earlier list."""
    wanted_at = _positions(wanted, key)
    server_at = _positions(server, key)
    named = [item for item in merged if item_key(item, key) in wanted_at]
    others = [item for item in merged if item_key(item, key) not in wanted_at]
    named.sort(key=lambda item: wanted_at[item_key(item, key)])
    others.sort(key=lambda item: server_at.get(item_key(item, key), len(server)))
    return _interleaved(others, named, server_at, key)


def _positions(items: list[JsonValue], key: str) -> dict[JsonValue, int]:
    return {item_key(item, key): index for index, item in reversed(list(enumerate(items)))}


def _interleaved(
    others: list[JsonValue], named: list[JsonValue], server_at: dict[JsonValue, int], key: str
) -> list[JsonValue]:
    """A server-only item goes first only if the server had it before the next patch item."""
    result: list[JsonValue] = []
    left, right = 0, 0
    while left < len(others) and right < len(named):
        left_at = server_at.get(item_key(others[left], key))
        right_at = server_at.get(item_key(named[right], key))
        if left_at is not None and right_at is not None and left_at < right_at:
            result.append(others[left])
            left += 1
        else:
            result.append(named[right])
            right += 1
    return [*result, *others[left:], *named[right:]]
