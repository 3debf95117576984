"""Limits how many repositories are asked at once, so that one that hangs delays no other.

A request without an answer after PATIENCE seconds gives its slot to another one and continues; from then on its
repository is one of the slow ones, which have slots of their own, until it answers in time again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from argosy.runtime.clock import Clock

T = TypeVar("T")

QUICK = 16
SLOW = 16
"""Slots for open requests, of each sort."""
PATIENCE = 3.0


class RepositoryLimits:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._quick = asyncio.Semaphore(QUICK)
        self._slow = asyncio.Semaphore(SLOW)
        self._slow_ones: set[str] = set()

    async def run(self, url: str, question: Callable[[], Awaitable[T]]) -> T:
        """Returns or raises whatever the request does."""
        if url in self._slow_ones:
            async with self._slow:
                return await self._timed(url, question)
        return await self._quickly(url, question)

    async def _quickly(self, url: str, question: Callable[[], Awaitable[T]]) -> T:
        await self._quick.acquire()
        held = True

        def give_way() -> None:
            nonlocal held
            held = False
            self._slow_ones.add(url)
            self._quick.release()

        timer = self._clock.call_later(PATIENCE, give_way, background=True)
        try:
            return await question()
        finally:
            timer.cancel()
            if held:
                self._quick.release()

    async def _timed(self, url: str, question: Callable[[], Awaitable[T]]) -> T:
        began = self._clock.monotonic()
        try:
            return await question()
        finally:
            if self._clock.monotonic() - began < PATIENCE:
                self._slow_ones.discard(url)
