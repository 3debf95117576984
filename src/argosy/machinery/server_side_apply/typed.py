"""Values under a schema node as sets of field paths: the fields of an object, and the differences of two objects.

Source: spec/embedded-kubernetes.md sections 10.3 and 10.4 (which paths are members). Comparison prunes equal branches
first; objects share unchanged branches, so that is mostly an identity check.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from argosy.machinery.objects import JsonObject, JsonValue
from argosy.machinery.schema import Node
from argosy.machinery.server_side_apply.fieldset import EMPTY, LEAF, SELF, FieldSet, union
from argosy.machinery.server_side_apply.structure import below, form, grouped

_ABSENT: Final = object()


def field_set(value: JsonObject, node: Node) -> FieldSet:
    """The paths that an applied configuration owns: leaves, items, empty maps and nulls, keys of free maps."""
    return _members(value, node, named=True)


def _members(value: JsonObject, node: Node, *, named: bool) -> FieldSet:
    """`named`: a struct field with content is not a member itself; otherwise every level is one."""
    result: FieldSet = {}
    properties = node.properties if named else {}
    for key, item in value.items():
        inside = _inside(item, below(node, key), named=named)
        if key not in properties:
            inside = {SELF: LEAF, **inside} if inside else LEAF
        elif inside is None:
            continue
        result[f"f:{key}"] = inside
    return result


def _inside(value: JsonValue, node: Node, *, named: bool) -> FieldSet | None:
    """What is below an element: LEAF for an atom, None if neither it nor anything below is a member by itself."""
    shape = form(node, value)
    if shape == "atom":
        return LEAF
    if shape == "map":
        return (_members(value, node, named=named) or None) if value else LEAF
    items = _items(value, node, named=named)
    return items or (None if named else LEAF)


def _items(values: list[JsonValue], node: Node, *, named: bool) -> FieldSet:
    item_node = node.items or Node()
    result: FieldSet = {}
    for name, items in grouped(values, node).items():
        inside = _inside(items[0], item_node, named=named) or LEAF
        result[name] = {SELF: LEAF, **inside} if inside else LEAF
    return result


class Comparison(NamedTuple):
    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    @property
    def is_same(self) -> bool:
        return not (self.added or self.modified or self.removed)

    @property
    def taken(self) -> FieldSet:
        """The paths that a writer owns afterwards."""
        return union(self.modified, self.added)


SAME: Final = Comparison(EMPTY, EMPTY, EMPTY)


def compare(old: JsonObject, new: JsonObject, node: Node) -> Comparison:
    """The paths in which two objects differ. A map or list that is new as a whole is a member itself."""
    if old is new:
        return SAME
    result = Comparison({}, {}, {})
    _compare_maps(old, new, node, result)
    return result


def _compare_maps(old: JsonObject, new: JsonObject, node: Node, out: Comparison) -> None:
    for key, after in new.items():
        before = old.get(key, _ABSENT)
        if before is after:
            continue
        if before is _ABSENT:
            out.added[f"f:{key}"] = _all_members(after, below(node, key))
        elif before != after or type(before) is not type(after):
            _compare_values(f"f:{key}", before, after, below(node, key), out)
    if len(old) != len(new) or old.keys() != new.keys():
        for key, before in old.items():
            if key not in new:
                out.removed[f"f:{key}"] = _all_members(before, below(node, key))


def _all_members(value: JsonValue, node: Node) -> FieldSet:
    """An element that exists on one side only: a member on every level."""
    inside = _inside(value, node, named=False)
    return {SELF: LEAF, **inside} if inside else LEAF


def _compare_values(name: str, before: JsonValue, after: JsonValue, node: Node, out: Comparison) -> None:
    """Two different values of one element; null counts as an empty map or list of the other's kind."""
    shape = form(node, after if after is not None else before)
    other = form(node, before if before is not None else after)
    if shape != other:
        out.modified[name] = LEAF
        old_inside = _inside(before, node, named=False)
        if old_inside:
            out.removed[name] = old_inside
        return
    if shape == "atom" or not (before or after):
        out.modified[name] = LEAF
        return
    inner = Comparison({}, {}, {})
    if shape == "map":
        _compare_maps(before or {}, after or {}, node, inner)
    else:
        _compare_items(before or [], after or [], node, inner)
    for target, found in zip(out, inner, strict=True):
        if found:
            target[name] = found


def _compare_items(old: list[JsonValue], new: list[JsonValue], node: Node, out: Comparison) -> None:
    item_node = node.items or Node()
    before, after = grouped(old, node), grouped(new, node)
    for name, items in after.items():
        earlier = before.get(name)
        if earlier is None:
            out.added[name] = _all_members(items[0], item_node)
        elif len(items) == 1 and len(earlier) == 1:
            if earlier[0] is not items[0] and earlier[0] != items[0]:
                _compare_values(name, earlier[0], items[0], item_node, out)
        elif earlier != items:  # duplicates have no identity of their own: the group counts as one value
            out.modified[name] = LEAF
    for name, items in before.items():
        if name not in after:
            out.removed[name] = _all_members(items[0], item_node)


def with_named_parents(fields: FieldSet, node: Node) -> FieldSet:
    """Struct fields that lead to members become members: removing all of a struct's fields removes the struct."""
    result: FieldSet = {}
    for element, inside in fields.items():
        if element == SELF or not inside:
            result[element] = inside
            continue
        named = element[:2] == "f:" and element[2:] in node.properties
        next_node = below(node, element[2:]) if element[:2] == "f:" else (node.items or Node())
        changed = with_named_parents(inside, next_node)
        result[element] = {SELF: LEAF, **changed} if named and SELF not in changed else changed
    return result


def remove(value: JsonObject, fields: FieldSet, node: Node) -> JsonObject:
    """The object without the given paths; a map or list that becomes empty is removed too."""
    result = _remove_from_map(value, fields, node)
    return {} if result is None else result


def _remove_from_map(value: JsonObject, fields: FieldSet, node: Node) -> JsonObject | None:
    result = value
    for element, inside in fields.items():
        key = element[2:]
        if element[:2] != "f:" or key not in result:
            continue
        kept = None if not inside or SELF in inside else _remove_below(result[key], inside, below(node, key))
        if kept is None and (result[key] is not None or not inside or SELF in inside):
            result = {other: item for other, item in result.items() if other != key}
        elif kept is not result[key]:
            result = {**result, key: kept}
    return result or None


def _remove_below(value: JsonValue, fields: FieldSet, node: Node) -> JsonValue:
    shape = form(node, value)
    if shape == "map" and value:
        return _remove_from_map(value, fields, node)
    if shape == "items" and value:
        return _remove_items(value, fields, node)
    return value


def _remove_items(values: list[JsonValue], fields: FieldSet, node: Node) -> list[JsonValue] | None:
    kept: list[JsonValue] = []
    item_node = node.items or Node()
    names = {id(item): name for name, items in grouped(values, node).items() for item in items}
    for item in values:
        inside = fields.get(names.get(id(item), ""))
        if inside is None:
            kept.append(item)
        elif inside and SELF not in inside:
            kept.append(_remove_below(item, inside, item_node))
    if len(kept) == len(values) and all(map(_is, kept, values)):
        return values
    return kept or None


def _is(left: JsonValue, right: JsonValue) -> bool:
    return left is right
