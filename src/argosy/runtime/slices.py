"""Gives long work its slices of the event loop: never more than one slice in a turn, and each work in its turn.

What is short is done at once and waits for nobody. What is long goes on in slices of some milliseconds, between which
the loop does everything else; several such works take turns, so that ten of them hold the loop no longer than one.
In virtual time nothing takes time, hence nothing is cut.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar, cast

from argosy.machinery.pieces import Pieces
from argosy.runtime.clock import Clock

FIRST_SECONDS = 0.002
"""What is done in this time is short."""
SLICE_SECONDS = 0.01

T = TypeVar("T")


class Slices:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self.cuts = 0
        """How often work was interrupted: a figure for metrics and tests."""

    async def run(self, work: Pieces[T]) -> T:
        """What `work` comes to. Raises what it raises."""
        try:
            made = self._slice(work, FIRST_SECONDS)
            while made is _NOTHING:
                self.cuts += 1
                async with self._turn:
                    await self._clock.sleep(0)  # one slice in each turn of the loop
                    made = self._slice(work, SLICE_SECONDS)
        finally:
            work.close()
        return cast("T", made)

    def _slice(self, work: Pieces[T], seconds: float) -> T | object:
        """What it comes to; _NOTHING when the time is over before."""
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
