"""News for very many streams at once: each is woken soon, and everybody else has their turn meanwhile.

A change that a thousand streams wait for is a thousand writes to sockets. They are made some at a time, and after a
round the loop is left to others for as long as the round took: what changes meanwhile goes out with the next round, in
one write to each. A few streams never notice; of very many, each has one write a round however much changes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Protocol

from argosy.runtime.clock import Clock

AT_ONCE: Final = 25
"""Streams that are woken between two turns of others."""
LONGEST_REST_SECONDS: Final = 0.1


class Wakeable(Hashable, Protocol):
    def wake(self) -> None: ...


class FanOut:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: dict[Wakeable, None] = {}
        self._round: list[Wakeable] = []
        self._began = self._rested_at = 0.0
        self._is_running = False

    def wake(self, stream: Wakeable) -> None:
        """Now, or with the next round."""
        self._next[stream] = None
        if not self._is_running:
            self._is_running = True
            self._later(self._begin, self._rested_at - self._clock.monotonic())

    def _begin(self) -> None:
        self._began = self._clock.monotonic()
        self._round, self._next = [*reversed(self._next)], {}
        self._go_on()

    def _go_on(self) -> None:
        for _ in range(min(AT_ONCE, len(self._round))):
            self._round.pop().wake()
        self._later(self._go_on if self._round else self._end)

    def _end(self) -> None:
        now = self._clock.monotonic()
        rest = min(now - self._began, LONGEST_REST_SECONDS)
        self._rested_at = now + rest
        self._is_running = bool(self._next)
        if self._is_running:
            self._later(self._begin, rest)

    def _later(self, what: Callable[[], None], seconds: float = 0.0) -> None:
        self._clock.call_later(max(0.0, seconds), what)
