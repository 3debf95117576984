"""first, keys, sort, flatten and so on; functions with a predicate are in `loops`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.expr.exprlang.access import ABSENT, fetch, hashable, look_up, whole
from argosy.expr.exprlang.errors import Fault
from argosy.expr.exprlang.frame import Frame
from argosy.expr.exprlang.operators import equal, is_whole, less
from argosy.expr.exprlang.values import AnyMap, printed, type_name

_DEEPEST: Final = 100
_KINDS: Final = {"[]": "slice", "ma": "map", "<n": "invalid"}


def kind_name(value: object) -> str:
    """Go's kind: `slice`, `map`, `string`, `invalid` for nil."""
    name = type_name(value)
    return _KINDS.get(name[:2], name)


def _list(value: object, complaint: str) -> list[Any]:
    if not isinstance(value, list):
        raise Fault(f"{complaint} {kind_name(value)}")
    return value


def _length(frame: Frame, value: object) -> int:
    if not isinstance(value, list | dict | str | bytes):
        raise Fault(f"invalid argument for len (type {type_name(value)})")
    return len(value)


def _end(index: int) -> Callable[[Frame, object], object]:
    def found(frame: Frame, value: object) -> object:
        try:
            return fetch(value, index)
        except Fault:
            return None

    return found


def _get(frame: Frame, base: object, key: object) -> object:
    found = look_up(base, key)
    return None if found is ABSENT else found


def _take(frame: Frame, value: object, count: object) -> object:
    items = _list(value, "cannot take from")
    if not is_whole(count):
        raise Fault(f"cannot take {kind_name(count)} elements")
    if whole(count) < 0:
        raise Fault("reflect.Value.Slice: slice index out of bounds")
    return items[: whole(count)]


def _map(value: object, complaint: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise Fault(complaint.format(kind_name(value)))
    return value


def _keys(frame: Frame, value: object) -> list[Any]:
    found = list(_map(value, "cannot get keys from {}"))
    frame.grow(len(found))
    return found


def _values(frame: Frame, value: object) -> list[Any]:
    found = list(_map(value, "cannot get values from {}").values())
    frame.grow(len(found))
    return found


def _to_pairs(frame: Frame, value: object) -> list[Any]:
    found = [[key, item] for key, item in _map(value, "cannot transform {} to pairs").items()]
    frame.grow(len(found) * 2)
    return found


def _from_pairs(frame: Frame, value: object) -> AnyMap:
    made = AnyMap()
    for pair in _list(value, "cannot transform from pairs"):
        if not isinstance(pair, list):
            raise Fault(f"invalid pair {printed(pair)}")
        if len(pair) != 2:
            raise Fault(f"invalid pair length {printed(pair)}")
        made[hashable(pair[0], f"invalid pair {printed(pair)}")] = pair[1]
    frame.grow(len(made))
    return made


def _reverse(frame: Frame, value: object) -> list[Any]:
    items = _list(value, "cannot reverse")
    frame.grow(len(items))
    return items[::-1]


def _unique(frame: Frame, value: object) -> list[Any]:
    made: list[Any] = []
    for item in _list(value, "cannot uniq"):
        frame.spend(len(made) + 1)
        if not any(equal(frame, item, one) for one in made):
            made.append(item)
    return made


def _concat(frame: Frame, *values: object) -> list[Any]:
    made: list[Any] = []
    for value in values:
        items = _list(value, "cannot concat")
        frame.grow(len(items))
        made.extend(items)
    return made


def _flatten(frame: Frame, value: object, depth: int = 0) -> list[Any]:
    if depth > _DEEPEST:
        raise Fault("recursion depth exceeded")
    items = _list(value, "cannot flatten")
    frame.grow(len(items))
    made: list[Any] = []
    for item in items:
        if isinstance(item, list):
            made.extend(_flatten(frame, item, depth + 1))
        else:
            made.append(item)
    return made


def ordered_by(frame: Frame, items: list[Any], keys: list[Any], *, is_descending: bool) -> list[Any]:
    """The items in the order of their keys; stable. Raises Fault for keys that cannot be ordered."""
    frame.grow(len(items))
    frame.spend(len(items) * max(1, len(items).bit_length()))

    def compare(left: int, right: int) -> int:
        one, other = (keys[right], keys[left]) if is_descending else (keys[left], keys[right])
        return -1 if less(frame, one, other) else 1 if less(frame, other, one) else 0

    return [items[index] for index in sorted(range(len(items)), key=functools.cmp_to_key(compare))]


def _sort(frame: Frame, value: object, order: object = "asc") -> list[Any]:
    if not isinstance(order, str):
        raise Fault(f"sort order argument must be a string (got {type_name(order)})")
    if order not in ("asc", "desc"):
        raise Fault(f"invalid order {order}, expected asc or desc")
    items = value if isinstance(value, list) else []
    return ordered_by(frame, items, items, is_descending=order == "desc")


FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "len": _length,
    "first": _end(0),
    "last": _end(-1),
    "get": _get,
    "take": _take,
    "keys": _keys,
    "values": _values,
    "toPairs": _to_pairs,
    "fromPairs": _from_pairs,
    "reverse": _reverse,
    "uniq": _unique,
    "concat": _concat,
    "flatten": lambda frame, value: _flatten(frame, value),
    "sort": _sort,
}
