"""How many questions of a class are answered concurrently, and which is next: fair between lanes. Pure.

A lane is anything that must not delay the others: a repository, a host, a project. One lane gets at most its share of
the places, and lanes take turns. Questions caused by changes go before those caused by a start.

Ten thousand may wait in one lane, and each can be removed through its own reference: no step iterates over the others.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Lanes(Generic[T]):
    def __init__(self, limit: int, per_lane: int) -> None:
        self._limit, self._per_lane = limit, per_lane
        self._waiting: dict[Hashable, OrderedDict[T, None]] = {}
        self._later: dict[Hashable, OrderedDict[T, None]] = {}
        """Questions that wait until no lane of `_waiting` may start anything."""
        self._running: dict[Hashable, int] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many are waiting."""
        return sum(len(lane) for lanes in (self._waiting, self._later) for lane in lanes.values())

    def add(self, lane: Hashable, item: T, *, later: bool = False) -> None:
        (self._later if later else self._waiting).setdefault(lane, OrderedDict())[item] = None

    def advance(self, lane: Hashable, item: T) -> None:
        """Moves it to the normal priority, if it is still waiting."""
        if _taken(self._later, lane, item):
            self.add(lane, item)

    def remove(self, lane: Hashable, item: T) -> bool:
        """Whether it was still waiting."""
        return _taken(self._waiting, lane, item) or _taken(self._later, lane, item)

    def done(self, lane: Hashable) -> None:
        self._count -= 1
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]

    def take(self) -> Iterator[tuple[Hashable, T]]:
        """Everything that may start now, taking turns between lanes."""
        while self._count < self._limit:
            found = self._next(self._waiting) or self._next(self._later)
            if found is None:
                return
            yield found

    def _next(self, lanes: dict[Hashable, OrderedDict[T, None]]) -> tuple[Hashable, T] | None:
        for lane in tuple(lanes):
            if self._running.get(lane, 0) >= self._per_lane:
                continue
            waiting = lanes.pop(lane)
            item, _ = waiting.popitem(last=False)
            if waiting:
                lanes[lane] = waiting  # behind the others
            self._running[lane] = self._running.get(lane, 0) + 1
            self._count += 1
            return lane, item
        return None


def _taken(lanes: dict[Hashable, OrderedDict[T, None]], lane: Hashable, item: T) -> bool:
    waiting = lanes.get(lane)
    if waiting is None or item not in waiting:
        return False
    del waiting[item]
    if not waiting:
        del lanes[lane]
    return True
