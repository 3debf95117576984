"""Slows down a key that writes endlessly: two parties that undo each other, or a decision that never settles. Pure.

A key may write in bursts, as a promotion of many steps does; over minutes it may not exceed a fixed rate.
"""

from __future__ import annotations

from collections import OrderedDict

BURST = 200.0
PER_SECOND = 1.0


class LivelockGuard:
    """`monotonic` is in seconds. A key is remembered until its budget is full again."""

    def __init__(self) -> None:
        self._earned_at: OrderedDict[object, float] = OrderedDict()
        """Ordered by last write."""

    def __len__(self) -> int:
        return len(self._earned_at)

    def wrote(self, key: object, monotonic: float) -> float:
        """Seconds for which the key must pause now; almost always 0."""
        earned_at = max(self._earned_at.pop(key, monotonic), monotonic) + 1.0 / PER_SECOND
        self._earned_at[key] = earned_at
        while next(iter(self._earned_at.values())) <= monotonic:
            self._earned_at.popitem(last=False)
        return max(0.0, earned_at - monotonic - BURST / PER_SECOND)

    def forget(self, key: object) -> None:
        self._earned_at.pop(key, None)
