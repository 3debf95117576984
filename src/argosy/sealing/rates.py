"""Rate limit for clients: a steady rate with a burst, for each client. Pure except for its own counters."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

REMEMBERED: Final = 65_536
"""Number of clients; the one that asked longest ago is dropped, when its burst is full again anyway."""


class Rates:
    """Source: the generic cell rate algorithm, with `burst` requests beyond the first."""

    def __init__(self, rate: float, burst: int) -> None:
        self._interval = 1.0 / rate
        self._tolerance = burst * self._interval
        self._next: OrderedDict[str, float] = OrderedDict()

    def allows(self, client: str, now: float) -> bool:
        """`now`: seconds of a monotonic clock."""
        due = max(self._next.get(client, now), now)
        if due - now > self._tolerance:
            return False
        self._next[client] = due + self._interval
        self._next.move_to_end(client)
        while len(self._next) > REMEMBERED:
            self._next.popitem(last=False)
        return True
