"""Limits per caller: requests per second, and requests in a burst. More is 429 with the time to wait.

Source: spec/security.md 7; upstream has no limit.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from argosy.runtime.clock import Clock

MOST_CALLERS: Final = 10_000


class Limits:
    """A full bucket holds `at_once` and gains `per_second`. Callers that have been idle longest are dropped first."""

    def __init__(self, clock: Clock, per_second: float, at_once: int) -> None:
        self._clock, self._per_second, self._at_once = clock, per_second, at_once
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str) -> float:
        """0.0 if the caller may continue now; else the seconds to wait."""
        now = self._clock.monotonic()
        left, at = self._left.pop(caller, (float(self._at_once), now))
        left = min(float(self._at_once), left + (now - at) * self._per_second)
        allowed = left >= 1.0
        self._left[caller] = (left - 1.0 if allowed else left, now)
        while len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self._per_second
