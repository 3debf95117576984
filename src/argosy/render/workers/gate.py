"""Limits how many tasks may run at once, with a limit that may change each time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    def __init__(self) -> None:
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def passed(self, limit: int) -> AsyncIterator[None]:
        """Waits while `limit` others are inside; 0 is no limit."""
        while limit and self._inside >= limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except BaseException:
                self._next()  # a cancelled waiter passes its turn on
                raise
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._next()

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
