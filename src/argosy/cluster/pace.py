"""Limits how much one event loop turn does: some milliseconds of work; the rest continues in later turns.

An in-process caller that writes a thousand objects gets each answer without waiting for a socket: without a limit
the event loop would do nothing else meanwhile. In virtual time nothing takes time, so nobody waits.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from typing import Final, TypeVar

from argosy.cluster.ports import Clock
from argosy.machinery.pieces import Pieces

TURN_SECONDS: Final = 0.01
CALLED_AT_ONCE: Final = 32
"""As many waiters are woken as may fit into one turn, so that a long queue is not rechecked each time."""

T = TypeVar("T")


class Pace:
    """First come, first served: new callers queue behind those that wait."""

    def __init__(self, clock: Clock, seconds: float = TURN_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began: float | None = None
        """When the first work of this turn started, in loop time."""
        self._tickets = 0
        self._line: list[tuple[int, asyncio.Future[None]]] = []
        """A heap by number."""
        self._called = 0
        """How many were woken and have not run yet."""
        self._will_end = False
        self.waits = 0
        """How often something was delayed: a counter for tests."""

    async def turn(self) -> None:
        """Returns in an event loop turn that has time for one more write, or one more piece."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._start_over(loop)
        if self._line or self._called or not self._has_time(loop):
            await self._wait(loop)
        if self._began is None:
            self._began = loop.time()
        self._end_later(loop)

    async def made(self, work: Pieces[T]) -> T:
        """The result of `work`, in as many event loop turns as it needs. Raises what it raises."""
        try:
            while True:
                await self.turn()
                next(work)
        except StopIteration as end:
            found: T = end.value
            return found
        finally:
            work.close()

    def _start_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drops waiters of an event loop that has ended."""
        self._loop, self._began, self._will_end = loop, None, False
        self._line, self._called = [], 0

    def _has_time(self, loop: asyncio.AbstractEventLoop) -> bool:
        return self._began is None or loop.time() - self._began < self._seconds

    async def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        """Keeps the place in the queue until there is time for it."""
        self._tickets += 1
        ticket = self._tickets
        while True:
            self.waits += 1
            call = loop.create_future()
            heappush(self._line, (ticket, call))
            self._end_later(loop)
            try:
                await call
            finally:
                if call.done() and not call.cancelled():
                    self._called -= 1
            if self._has_time(loop):
                return

    def _end_later(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._will_end:
            self._will_end = True
            loop.call_soon(self._ended)

    def _ended(self) -> None:
        """Starts the next turn with those that have waited longest."""
        self._began, self._will_end = None, False
        while self._line and self._called < CALLED_AT_ONCE:
            _, call = heappop(self._line)
            if not call.done():
                call.set_result(None)
                self._called += 1
        if self._called and self._loop is not None:
            self._end_later(self._loop)
