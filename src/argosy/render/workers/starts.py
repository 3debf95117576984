"""When to retry starting a program that cannot start: some attempts at once, then after growing pauses."""

from __future__ import annotations

from typing import Final

from argosy.render.workers.process import NoWorker

ATTEMPTS: Final = 3
"""Consecutive failures before the first pause; after one, a single failure causes the next."""

FIRST_REST: Final = 2.0
LONGEST_REST: Final = 60.0


class Starts:
    """Consecutive failures of one program. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._row = 0
        self._cause = ""
        self._rests_until: float | None = None

    def check(self, at: float) -> None:
        """Raises NoWorker with the cause of the last failure while starts are paused."""
        if self._rests_until is not None and at < self._rests_until:
            raise NoWorker(self._cause)
        self._rests_until = None

    def failed(self, cause: str, at: float) -> None:
        self._row += 1
        self._cause = cause
        if self._row >= ATTEMPTS:
            doublings = min(self._row - ATTEMPTS, 16)
            self._rests_until = at + min(LONGEST_REST, FIRST_REST * 2.0**doublings)

    def succeeded(self) -> None:
        self._row = 0
        self._rests_until = None
