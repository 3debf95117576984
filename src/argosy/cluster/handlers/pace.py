"""How many writes one turn of the loop carries out: as many as fit into some milliseconds, the others go on after it.

A caller in this process that writes a thousand objects gets each answer without waiting for a socket: without a pace
the loop would do nothing else meanwhile. In virtual time nothing takes time, hence nobody waits.
"""

from __future__ import annotations

import asyncio
from typing import Final

from argosy.cluster.ports import Clock

TURN_SECONDS: Final = 0.01


class Pace:
    def __init__(self, clock: Clock, seconds: float = TURN_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._began: float | None = None
        """When the first write of this turn began, by the loop's time."""
        self.waits = 0
        """How often a write was put off: a figure for tests."""

    async def turn(self) -> None:
        """Returns in a turn of the loop that has time for one more write."""
        loop = asyncio.get_running_loop()
        while self._began is not None and loop.time() - self._began >= self._seconds:
            self.waits += 1
            await self._clock.sleep(0)
        if self._began is None:
            self._began = loop.time()
            loop.call_soon(self._ended)

    def _ended(self) -> None:
        self._began = None
