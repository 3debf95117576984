"""How much one turn of the loop carries out: what fits into some milliseconds, the rest goes on after it.

A caller in this process that writes a thousand objects gets each answer without waiting for a socket: without a pace
the loop would do nothing else meanwhile. In virtual time nothing takes time, hence nobody waits.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from typing import Final, TypeVar

from argosy.cluster.ports import Clock
from argosy.machinery.pieces import Pieces

TURN_SECONDS: Final = 0.01
CALLED_AT_ONCE: Final = 32
"""Of those that wait, as many as may fit into one turn are called for it: a crowd does not look again each time."""

T = TypeVar("T")


class Pace:
    """Who came first goes first: who comes while others wait, waits behind them."""

    def __init__(self, clock: Clock, seconds: float = TURN_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began: float | None = None
        """When the first work of this turn began, by the loop's time."""
        self._tickets = 0
        self._line: list[tuple[int, asyncio.Future[None]]] = []
        """A heap by number."""
        self._called = 0
        """How many were called and have not come yet."""
        self._will_end = False
        self.waits = 0
        """How often something was put off: a figure for tests."""

    async def turn(self) -> None:
        """Returns in a turn of the loop that has time for one more write, or one more piece."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._start_over(loop)
        if self._line or self._called or not self._has_time(loop):
            await self._wait(loop)
        if self._began is None:
            self._began = loop.time()
        self._end_later(loop)

    async def made(self, work: Pieces[T]) -> T:
        """What `work` comes to, in as many turns of the loop as it needs. Raises what it raises."""
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
        """Whoever waited did so in a loop that has ended."""
        self._loop, self._began, self._will_end = loop, None, False
        self._line, self._called = [], 0

    def _has_time(self, loop: asyncio.AbstractEventLoop) -> bool:
        return self._began is None or loop.time() - self._began < self._seconds

    async def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        """A place in the line is kept until there was time for it."""
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
        """The next turn begins: with those who waited longest."""
        self._began, self._will_end = None, False
        while self._line and self._called < CALLED_AT_ONCE:
            _, call = heappop(self._line)
            if not call.done():
                call.set_result(None)
                self._called += 1
        if self._called and self._loop is not None:
            self._end_later(self._loop)
