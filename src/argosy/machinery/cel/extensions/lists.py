"""Lists and sets (apiserver pkg/cel/library/lists, cel-go ext/sets and ext/lists)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from argosy.machinery.cel.errors import CelError
from argosy.machinery.cel.functions import no_overload
from argosy.machinery.cel.overloads import (
    LIST_WALK,
    PAIRS,
    Library,
    Price,
    Range,
)
from argosy.machinery.cel.types import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    UINT,
    A,
    list_of,
    optional_of,
)
from argosy.machinery.cel.values import NONE, Optional, equal, less, size_of

_ORDERED = (INT, UINT, DOUBLE, BOOL, DURATION, TIMESTAMP, STRING)


def _is_sorted(items: list[Any]) -> bool:
    return all(not less(right, left) for left, right in pairwise(items))


def _total(items: list[Any]) -> Any:
    if not items:
        return 0
    found = items[0]
    for item in items[1:]:
        if type(item) is not type(found):
            raise no_overload()
        found = found + item
    return found


def _extreme(name: str, better: Callable[[Any, Any], bool]) -> Callable[[list[Any]], Any]:
    def pick(items: list[Any]) -> Any:
        if not items:
            raise CelError(f"{name} called on empty list")
        best = items[0]
        for item in items[1:]:
            if better(item, best):
                best = item
        return best

    return pick


def _position(items: list[Any], wanted: Any) -> int:
    return next((index for index, item in enumerate(items) if equal(item, wanted)), -1)


def _last_position(items: list[Any], wanted: Any) -> int:
    return next((index for index in range(len(items) - 1, -1, -1) if equal(items[index], wanted)), -1)


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(items):
        raise CelError(f"cannot slice({start}, {end}), list is length {len(items)}")
    return items[start:end]


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if not any(equal(item, other) for other in found):
            found.append(item)
    return found


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    found: list[Any] = []
    for item in items:
        if isinstance(item, list) and depth > 0:
            found.extend(_flatten(item, depth - 1))
        else:
            found.append(item)
    return found


def _sorted(items: list[Any]) -> list[Any]:
    return sorted(items, key=cmp_to_key(lambda one, other: -1 if less(one, other) else int(less(other, one))))


def add_lists(library: Library) -> None:
    add = library.add
    for kind in _ORDERED:
        add("isSorted", (list_of(kind),), BOOL, _is_sorted, LIST_WALK, method=True)
        add("min", (list_of(kind),), kind, _extreme("min", less), LIST_WALK, method=True)
        add("max", (list_of(kind),), kind, _extreme("max", lambda one, best: less(best, one)), LIST_WALK, method=True)
    for kind in (INT, UINT, DOUBLE, DURATION):
        add("sum", (list_of(kind),), kind, _total, LIST_WALK, method=True)
    add("indexOf", (list_of(A), A), INT, _position, LIST_WALK, method=True)
    add("lastIndexOf", (list_of(A), A), INT, _last_position, LIST_WALK, method=True)
    add("slice", (list_of(A), INT, INT), list_of(A), _slice, LIST_WALK, method=True)
    add("distinct", (list_of(A),), list_of(A), _distinct, _SQUARE, method=True)
    add("reverse", (list_of(A),), list_of(A), lambda items: items[::-1], LIST_WALK, method=True)
    add("sort", (list_of(A),), list_of(A), _sorted, _SQUARE, method=True)
    add("flatten", (list_of(list_of(A)),), list_of(A), _flatten, LIST_WALK, method=True)
    add("flatten", (list_of(DYN), INT), list_of(DYN), _flatten, LIST_WALK, method=True)
    add("first", (list_of(A),), optional_of(A), lambda items: Optional(items[0], True) if items else NONE, method=True)
    add("last", (list_of(A),), optional_of(A), lambda items: Optional(items[-1], True) if items else NONE, method=True)


_SQUARE = Price(
    lambda arguments, _: size_of(arguments[0]) ** 2,
    lambda sizes: (sizes[0].times(sizes[0]), Range(0, sizes[0].most)),
)


def _holds_all(items: list[Any], wanted: list[Any]) -> bool:
    return all(any(equal(item, other) for other in items) for item in wanted)


def add_sets(library: Library) -> None:
    both = (list_of(A), list_of(A))
    library.add("sets.contains", both, BOOL, _holds_all, PAIRS)
    library.add("sets.equivalent", both, BOOL, lambda a, b: _holds_all(a, b) and _holds_all(b, a), PAIRS)
    library.add(
        "sets.intersects", both, BOOL, lambda a, b: any(any(equal(item, one) for one in b) for item in a), PAIRS
    )
