"""Runs long work in slices of the event loop: never more than one slice in a turn, in round-robin order.

Short work is done at once and waits for nobody. Long work continues in slices of some milliseconds, between which
the event loop does everything else; several such works take turns, so that ten block it no longer than one.
In virtual time nothing takes time, so nothing is split.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar, cast

from argosy.machinery.pieces import Pieces
from argosy.runtime.clock import Clock

FIRST_SECONDS = 0.002
"""Work that finishes within this time is short."""
SLICE_SECONDS = 0.01

T = TypeVar("T")


class Slices:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self.cuts = 0
        """How often work was interrupted: a number for metrics and tests."""

    async def run(self, work: Pieces[T]) -> T:
        """The result of `work`. Raises what it raises."""
        try:
            made = self._slice(work, FIRST_SECONDS)
            while made is _NOTHING:
                self.cuts += 1
                async with self._turn:
                    await self._clock.sleep(0)  # one slice in each event loop turn
                    made = self._slice(work, SLICE_SECONDS)
        finally:
            work.close()
        return cast("T", made)

    def _slice(self, work: Pieces[T], seconds: float) -> T | object:
        """The result; _NOTHING when the time is over before."""
        now = self._clock.monotonic
        ends = now() + seconds
        try:
            while True:
                next(work)
                if now() >= ends:
                    return _NOTHING
        except StopIteration as end:
            return cast("T", end.value)


_NOTHING = object()
