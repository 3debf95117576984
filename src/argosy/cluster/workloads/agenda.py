"""Schedules when each key is processed again: a single timer for the earliest entry."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from argosy.cluster.ports import Clock, TimerHandle
from argosy.machinery.objects import Key


class Work(NamedTuple):
    controller: int
    key: Key


class Agenda:
    """Each key has at most one time: the last one that was scheduled for it."""

    def __init__(self, clock: Clock, due: Callable[[Work], None], is_background: Callable[[Work], bool]) -> None:
        """`due` is called with each key whose time has come. Background entries keep no rehearsal alive."""
        self._clock, self._process, self._is_background = clock, due, is_background
        self._heap: list[tuple[datetime, int, Work]] = []
        self._due: dict[Work, datetime] = {}
        self._foreground = 0
        """How many scheduled keys must keep a rehearsal alive."""
        self._sequence = 0
        self._timer: TimerHandle | None = None
        self._timer_at: tuple[datetime | None, bool] = (None, False)
        self._stopped = False

    def plan(self, work: Work, at: datetime | None, now: datetime) -> None:
        """None removes it. The timer is updated by `set_timer`, once for everything that a turn schedules."""
        if at is not None and at > now and self._due.get(work) == at:
            return
        self.unplan(work)
        if at is None:
            return
        self._due[work] = at
        self._foreground += not self._is_background(work)
        self._sequence += 1
        heapq.heappush(self._heap, (at, self._sequence, work))

    def unplan(self, work: Work) -> None:
        if self._due.pop(work, None) is not None:
            self._foreground -= not self._is_background(work)

    def set_timer(self) -> None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        at, background = (self._heap[0][0] if self._heap else None), not self._foreground
        if self._timer_at == (at, background):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, (at, background)
        if at is not None and not self._stopped:
            wait = max(0.0, (at - self._clock.now()).total_seconds())
            self._timer = self._clock.call_later(wait, self._ring, background=background)

    def stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer, self._timer_at = None, (None, False)
        now = self._clock.now()
        while self._heap and self._heap[0][0] <= now:
            at, _, work = heapq.heappop(self._heap)
            if self._due.get(work) == at:
                self.unplan(work)
                self._process(work)
        self.set_timer()
