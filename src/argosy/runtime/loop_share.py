"""Limits how much of one event loop turn many workers take together.

A worker processes items while there are any. If each stopped only after its own ten milliseconds, twenty of them
would block the event loop for two hundred, since all of them run in one turn.
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
        """Waits until there is time again, in this turn or in a later one."""
        while self.is_used_up():
            await self._clock.sleep(0)

    def is_used_up(self) -> bool:
        """Whether the caller should yield to the event loop first. In virtual time nothing takes time, so never."""
        now, loop = self._clock.monotonic(), asyncio.get_running_loop()
        if self._loop is loop:
            return now - self._began >= self._seconds
        self._loop, self._began = loop, now
        loop.call_soon(self._next_turn)
        return False

    def _next_turn(self) -> None:
        self._loop = None
