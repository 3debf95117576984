"""How much of one turn of the event loop many workers take together.

A worker takes one thing after the other while there are any. Were each to stop after its own ten milliseconds, twenty
of them would hold the loop for two hundred, since all of them run in one turn.
"""

from __future__ import annotations

import asyncio
from typing import Final

from argosy.runtime.clock import Clock

TURN_SECONDS: Final = 0.01


class LoopShare:
    def __init__(self, clock: Clock, seconds: float = TURN_SECONDS) -> None:
        self._clock, self._seconds = clock, seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began = 0.0

    async def wait(self) -> None:
        """Until there is time again, in this turn or in a later one."""
        while self.is_used_up():
            await self._clock.sleep(0)

    def is_used_up(self) -> bool:
        """Whether whoever asks is to let the loop go on first. In virtual time nothing takes time, hence never."""
        now, loop = self._clock.monotonic(), asyncio.get_running_loop()
        if self._loop is loop:
            return now - self._began >= self._seconds
        self._loop, self._began = loop, now
        loop.call_soon(self._next_turn)
        return False

    def _next_turn(self) -> None:
        self._loop = None
