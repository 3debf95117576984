"""Wakes very many streams at once without blocking other work.

A change that a thousand streams wait for is a thousand writes to sockets. They are made in batches, and after a round
other tasks run for as long as the round took; changes during that time are sent in the next round, with one write per
stream. A few streams are not delayed; with very many, each gets one write per round, however much changes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Protocol

from argosy.runtime.clock import Clock

AT_ONCE: Final = 25
"""Streams woken before other tasks run."""
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
        """Wakes now, or in the next round."""
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
