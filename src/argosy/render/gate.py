"""How many may be at something at once, by a limit that may be another each time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Gate:
    def __init__(self) -> None:
        self._inside = 0
        self._left = asyncio.Condition()

    @asynccontextmanager
    async def passed(self, limit: int) -> AsyncIterator[None]:
        """Waits while `limit` others are inside; 0 is no limit."""
        async with self._left:
            await self._left.wait_for(lambda: not limit or self._inside < limit)
            self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            async with self._left:
                self._left.notify_all()
