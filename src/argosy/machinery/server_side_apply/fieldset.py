"""Sets of field paths, kept as managedFields stores them (FieldsV1), so that parsing and emitting cost nothing.

A set is a tree of dicts: keys are path elements (`f:name`, `k:{"name":"a"}`, `v:1`, `i:0`), values the sets below. An
element is a member itself when its value is empty or contains the key `.`; otherwise it only leads to members. Sets are
immutable by convention: all functions share unchanged branches with their arguments. Source: spec 10.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from argosy.machinery.objects import JsonValue

FieldSet = dict[str, Any]
Path = tuple[str, ...]

SELF: Final = "."
EMPTY: Final[FieldSet] = {}
LEAF: Final[FieldSet] = {}
"""The value of an element with nothing below."""


class FieldSetError(ValueError):
    """The text is not FieldsV1."""


def parse(fields: JsonValue) -> FieldSet:
    """A FieldsV1 object from a client, checked and normalized. Raises FieldSetError."""
    if not isinstance(fields, dict):
        raise FieldSetError("FieldsV1 must be an object")
    result: FieldSet = {}
    for element, below in fields.items():
        if element != SELF:
            result[_canonical(element)] = parse(below)
        elif below != {}:
            raise FieldSetError("'.' must have an empty object as its value")
    return {SELF: LEAF, **result} if SELF in fields and result else result


def _canonical(element: str) -> str:
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return element
    if kind not in ("k:", "v:", "i:"):
        raise FieldSetError(f"{element!r} is not a path element: it must begin with f:, k:, v: or i:")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise FieldSetError(f"{element!r} is not a path element: {text!r} is not JSON") from None
    if (kind == "k:" and not isinstance(value, dict)) or (kind == "i:" and type(value) is not int):
        raise FieldSetError(f"{element!r} is not a path element")
    return kind + orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def emit(fields: FieldSet) -> FieldSet:
    """FieldsV1 with keys in a fixed order, so that equal sets have equal bytes."""
    return {element: emit(below) if below else below for element, below in sorted(fields.items())}


def of_paths(paths: list[Path]) -> FieldSet:
    """The set of the given paths."""
    result: FieldSet = {}
    for path in paths:
        result = union(result, _chain(path))
    return result


def _chain(path: Path) -> FieldSet:
    below: FieldSet = LEAF
    for element in reversed(path):
        below = {element: below}
    return below


def paths(fields: FieldSet, prefix: Path = ()) -> Iterator[Path]:
    """All members, depth first, in sorted order."""
    for element in sorted(fields):
        if element == SELF:
            continue
        below = fields[element]
        here = (*prefix, element)
        if not below or SELF in below:
            yield here
        yield from paths(below, here)


def contains(fields: FieldSet, path: Path) -> bool:
    for element in path:
        if element not in fields:
            return False
        fields = fields[element]
    return bool(path) and (not fields or SELF in fields)


def union(left: FieldSet, right: FieldSet) -> FieldSet:
    """`left` itself if it contains all of `right`."""
    if not right or left is right:
        return left
    if not left:
        return right
    result = left
    for element, below in right.items():
        if element == SELF:
            continue
        before = left.get(element)
        after = below if before is None else _union_below(before, below)
        if after is not before:
            if result is left:
                result = dict(left)
            result[element] = after
    return result


def _union_below(left: FieldSet, right: FieldSet) -> FieldSet:
    if left is right:
        return left
    member = not left or SELF in left or not right or SELF in right
    if not right:
        return left if not left or SELF in left else {SELF: LEAF, **left}
    if not left:
        return right if SELF in right else {SELF: LEAF, **right}
    merged = union(left, right)
    return {SELF: LEAF, **merged} if member and SELF not in merged else merged


def difference(left: FieldSet, right: FieldSet) -> FieldSet:
    """Members of `left` that are not members of `right`; `left` itself if nothing is removed."""
    if not left or not right:
        return left
    result = left
    for element, below in right.items():
        before = left.get(element)
        if element == SELF or before is None:
            continue
        after = _difference_below(before, below)
        if after is before:
            continue
        if result is left:
            result = dict(left)
        if after is None:
            del result[element]
        else:
            result[element] = after
    return result


def _difference_below(left: FieldSet, right: FieldSet) -> FieldSet | None:
    """None when nothing is left."""
    right_is_member = not right or SELF in right
    if not left:
        return None if right_is_member else left
    below = difference(left, right)
    if SELF in below and right_is_member:
        below = {element: value for element, value in below.items() if element != SELF}
    elif len(below) == 1 and SELF in below:
        return LEAF
    return below or None


def intersection(left: FieldSet, right: FieldSet) -> FieldSet:
    """Members of both."""
    if left is right:
        return left
    if len(right) < len(left):
        left, right = right, left
    result: FieldSet = {}
    for element, below in left.items():
        other = right.get(element)
        if element == SELF or other is None:
            continue
        common = _intersection_below(below, other)
        if common is not None:
            result[element] = common
    return result


def _intersection_below(left: FieldSet, right: FieldSet) -> FieldSet | None:
    if left is right:
        return left
    member = (not left or SELF in left) and (not right or SELF in right)
    below = intersection(left, right)
    if member:
        return {SELF: LEAF, **below} if below else LEAF
    return below or None


def without_branches(fields: FieldSet, roots: tuple[Path, ...]) -> FieldSet:
    """The set without these paths and everything below them: for fields that an endpoint resets."""
    for root in roots:
        fields = _cut(fields, root)
    return fields


def _cut(fields: FieldSet, path: Path) -> FieldSet:
    below = fields.get(path[0])
    if below is None:
        return fields
    after = _cut(below, path[1:]) if len(path) > 1 else EMPTY
    if after is below:
        return fields
    kept = {element: value for element, value in fields.items() if element != path[0]}
    if len(path) > 1 and after:
        kept[path[0]] = LEAF if list(after) == [SELF] else after
    return kept


def spelled(path: Path) -> str:
    """A path as conflicts print it: `.spec.containers[name="a"].args`."""
    return "".join(map(spelled_element, path))


def spelled_element(element: str) -> str:
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return f".{text}"
    if kind == "k:":
        keys = orjson.loads(text)
        return "[" + ",".join(f"{key}={orjson.dumps(keys[key]).decode()}" for key in sorted(keys)) + "]"
    return f"[={text}]" if kind == "v:" else f"[{text}]"
