"""How many questions of a kind are worked on at once, and whose turn is next: fair between lanes. Pure.

A lane is whatever must not hold up the others: a repository, a host, a project. One lane gets at most its share of
the places, and lanes take turns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Lanes(Generic[T]):
    def __init__(self, limit: int, per_lane: int) -> None:
        self._limit, self._per_lane = limit, per_lane
        self._waiting: dict[Hashable, deque[T]] = {}
        self._running: dict[Hashable, int] = {}
        self._count = 0

    def __len__(self) -> int:
        """How many wait."""
        return sum(len(lane) for lane in self._waiting.values())

    def add(self, lane: Hashable, item: T) -> None:
        self._waiting.setdefault(lane, deque()).append(item)

    def remove(self, lane: Hashable, item: T) -> bool:
        """Whether it still waited."""
        waiting = self._waiting.get(lane)
        if waiting is None or item not in waiting:
            return False
        waiting.remove(item)
        if not waiting:
            del self._waiting[lane]
        return True

    def done(self, lane: Hashable) -> None:
        self._count -= 1
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]

    def take(self) -> Iterator[tuple[Hashable, T]]:
        """Everything that may begin now, a lane at a time."""
        while self._count < self._limit and (found := self._next()) is not None:
            yield found

    def _next(self) -> tuple[Hashable, T] | None:
        for lane in tuple(self._waiting):
            if self._running.get(lane, 0) >= self._per_lane:
                continue
            waiting = self._waiting.pop(lane)
            item = waiting.popleft()
            if waiting:
                self._waiting[lane] = waiting  # behind the others
            self._running[lane] = self._running.get(lane, 0) + 1
            self._count += 1
            return lane, item
        return None
