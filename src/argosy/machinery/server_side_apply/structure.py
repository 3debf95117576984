"""How a schema node structures a value for ownership: as one atom, as named fields, or as identified items.

Everything in server-side apply (walk, compare, merge, remove) asks the same three questions, answered here once: what
kind of structure, which node is below a key, and which path element names a list item. Source: spec 10.4, last part.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Literal

import orjson

from argosy.machinery.objects import JsonValue
from argosy.machinery.schema import Node

Form = Literal["atom", "map", "items"]

DEDUCED: Final = Node(preserve_unknown=True)
"""The structure of a value without schema: maps are granular, lists atomic."""


class DuplicateItem(ValueError):
    """Two items of an associative list have the same identity; `element` is the path element."""

    def __init__(self, element: str) -> None:
        super().__init__(element)
        self.element = element


class BadItem(ValueError):
    """A list item cannot have an identity: it is null, or has the wrong type."""


def form(node: Node, value: JsonValue) -> Form:
    """The value's structure under its node; a value of the wrong type is an atom."""
    if isinstance(value, dict):
        return "atom" if node.map_type == "atomic" and not node.deduced else "map"
    if isinstance(value, list):
        return "items" if node.type == "array" and node.list_type != "atomic" else "atom"
    return "atom"


def below(node: Node, key: str) -> Node:
    found = node.properties.get(key)
    return found if found is not None else (node.additional or DEDUCED)


def element(item: JsonValue, node: Node) -> str:
    """The path element of an item of an associative list or set. Raises BadItem."""
    if node.list_type == "set":
        if item is None:
            raise BadItem("associative list without keys has an element that's an explicit null")
        if isinstance(item, dict):
            raise BadItem("associative list without keys has an element that's a map type")
        if isinstance(item, list):
            raise BadItem("not supported: associative list with lists as elements")
        return _set_element(item)
    if item is None:
        raise BadItem("associative list with keys may not have a null element")
    if not isinstance(item, dict):
        raise BadItem("associative list with keys may not have non-map elements")
    pairs: list[Any] = []
    for key in node.list_keys:
        if key in item:
            pairs += (key, item[key])
        elif (default := _key_default(node, key)) is not None:
            pairs += (key, default)
    try:
        return _key_element(*pairs)
    except TypeError:  # a key's value is a list or map: rare, so not cached
        return _key_text(*pairs)


def _key_default(node: Node, key: str) -> JsonValue:
    if node.items is None or (found := node.items.properties.get(key)) is None or not found.has_default:
        return None
    return found.default


def _key_text(*pairs: JsonValue) -> str:
    keys = dict(zip(pairs[::2], pairs[1::2], strict=True))
    return "k:" + orjson.dumps(keys, option=orjson.OPT_SORT_KEYS).decode()


_key_element = lru_cache(maxsize=16384, typed=True)(_key_text)


@lru_cache(maxsize=4096, typed=True)
def _set_element(value: JsonValue) -> str:
    return "v:" + orjson.dumps(value).decode()


def indexed(items: list[JsonValue], node: Node) -> dict[str, JsonValue]:
    """Items by path element, in order. Raises DuplicateItem or BadItem."""
    result: dict[str, JsonValue] = {}
    for item in items:
        name = element(item, node)
        if name in result:
            raise DuplicateItem(name)
        result[name] = item
    return result


def grouped(items: list[JsonValue], node: Node) -> dict[str, list[JsonValue]]:
    """Like `indexed`, for lists that may have duplicates, as stored ones may. Items without identity are left out."""
    result: dict[str, list[JsonValue]] = {}
    for item in items:
        try:
            result.setdefault(element(item, node), []).append(item)
        except BadItem:
            continue
    return result
