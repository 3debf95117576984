"""Functions that evaluate a predicate for each element: filter, any, reduce and so on.

Each gets the collection with the loop already opened; `body` evaluates the predicate for the loop's current index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from .access import hashable
from .errors import Fault
from .frame import Frame, Loop
from .functions.collections import kind_name, ordered_by
from .operators import add, conversion
from .values import AnyMap, type_name

Evaluate = Callable[[Frame], Any]


class Predicate:
    """The body of a loop, and the cost of one iteration."""

    __slots__ = ("body", "cost")

    def __init__(self, body: Evaluate, cost: int) -> None:
        self.body = body
        self.cost = cost

    def each(self, frame: Frame, loop: Loop, indices: Any = None) -> Iterator[tuple[int, Any]]:
        for index in range(len(loop.items)) if indices is None else indices:
            frame.spend(self.cost)
            loop.index = index
            yield index, self.body(frame)

    def holding(self, frame: Frame, loop: Loop, indices: Any = None) -> Iterator[int]:
        """Where the predicate is true."""
        for index, found in self.each(frame, loop, indices):
            if found is True:
                yield index
            elif found is not False:
                raise conversion(found, "bool")


def collection(value: object) -> Any:
    """The elements to iterate over. Raises Fault."""
    if isinstance(value, list):
        return value
    if isinstance(value, str | bytes):
        return list(value.encode("utf-8", "replace") if isinstance(value, str) else value)
    if isinstance(value, dict):
        return _Unordered(len(value))
    raise Fault(f"reflect: call of reflect.Value.Len on {'zero' if value is None else kind_name(value)} Value")


class _Unordered:
    """A map has a length, but no element to access."""

    __slots__ = ("length",)

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> object:
        raise Fault("reflect: call of reflect.Value.Index on map Value")


def _all(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return sum(1 for _ in _while(predicate, frame, loop, is_true=True)) == len(loop.items)


def _while(predicate: Predicate, frame: Frame, loop: Loop, *, is_true: bool) -> Iterator[int]:
    """As long as the predicate returns that."""
    for index, found in predicate.each(frame, loop):
        if not isinstance(found, bool):
            raise conversion(found, "bool")
        if found is not is_true:
            return
        yield index


def _none(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return next(predicate.holding(frame, loop), None) is None


def _any(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return next(predicate.holding(frame, loop), None) is not None


def _one(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return sum(1 for _ in predicate.holding(frame, loop)) == 1


def _count(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return sum(1 for _ in predicate.holding(frame, loop))


def _filter(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    made = [loop.items[index] for index in predicate.holding(frame, loop)]
    frame.grow(len(made))
    return made


def _map(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    frame.grow(len(loop.items))
    return [found for _, found in predicate.each(frame, loop)]


def _find(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    index = next(predicate.holding(frame, loop), None)
    return None if index is None else loop.items[index]


def _find_index(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return next(predicate.holding(frame, loop), None)


def _backwards(loop: Loop) -> range:
    return range(len(loop.items) - 1, -1, -1)


def _find_last(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    index = next(predicate.holding(frame, loop, _backwards(loop)), None)
    return None if index is None else loop.items[index]


def _find_last_index(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    return next(predicate.holding(frame, loop, _backwards(loop)), None)


def _sum(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    total: object = 0
    for _, found in predicate.each(frame, loop):
        total = add(frame, found, total)
    return total


def _group_by(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    made = AnyMap()
    frame.grow(len(loop.items))
    for index, found in predicate.each(frame, loop):
        key = hashable(found, f"cannot use {type_name(found)} as a key for groupBy: type is not comparable")
        made.setdefault(key, []).append(loop.items[index])
    return made


def _sort_by(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    order = "asc" if extra is None else extra(frame)
    if not isinstance(order, str):
        raise Fault("sortBy order argument must be a string")
    if order not in ("asc", "desc"):
        raise Fault("unknown order, use asc or desc")
    keys = [found for _, found in predicate.each(frame, loop)]
    return ordered_by(
        frame, [loop.items[index] for index in range(len(loop.items))], keys, is_descending=order == "desc"
    )


def _reduce(frame: Frame, loop: Loop, predicate: Predicate, extra: Evaluate | None) -> object:
    start = 0
    if extra is not None:
        loop.accumulator = extra(frame)
    elif not loop.items:
        raise Fault("reduce of empty array with no initial value")
    else:
        loop.accumulator, start = loop.items[0], 1
    for _, found in predicate.each(frame, loop, range(start, len(loop.items))):
        loop.accumulator = found
    return loop.accumulator


LOOPS: Final[Mapping[str, Callable[[Frame, Loop, Predicate, Evaluate | None], object]]] = {
    "all": _all,
    "none": _none,
    "any": _any,
    "one": _one,
    "filter": _filter,
    "map": _map,
    "count": _count,
    "sum": _sum,
    "find": _find,
    "findIndex": _find_index,
    "findLast": _find_last,
    "findLastIndex": _find_last_index,
    "groupBy": _group_by,
    "sortBy": _sort_by,
    "reduce": _reduce,
}
