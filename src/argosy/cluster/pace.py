"""How much one turn of the loop carries out: what fits into some milliseconds, the rest goes on after it.

A caller in this process that writes a thousand objects gets each answer without waiting for a socket: without a pace
the loop would do nothing else meanwhile. In virtual time nothing takes time, hence nobody waits.
"""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from argosy.cluster.ports import Clock
from argosy.machinery.pieces import Pieces

TURN_SECONDS: Final = 0.01

T = TypeVar("T")


class Pace:
    def __init__(self, clock: Clock, seconds: float = TURN_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._began: float | None = None
        """When the first work of this turn began, by the loop's time."""
        self.waits = 0
        """How often something was put off: a figure for tests."""

    async def turn(self) -> None:
        """Returns in a turn of the loop that has time for one more write, or one more piece."""
        loop = asyncio.get_running_loop()
        while (began := self._began) is not None and loop.time() - began >= self._seconds:
            self.waits += 1
            await self._clock.sleep(0)
            if self._began == began:  # its loop has ended
                self._began = None
        if self._began is None:
            self._began = loop.time()
            loop.call_soon(self._ended)

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

    def _ended(self) -> None:
        self._began = None
