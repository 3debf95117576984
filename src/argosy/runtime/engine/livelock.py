"""Slows down a key that writes without end: two parties that undo each other, or a decision that never settles. Pure.

A key may write in bursts, as a promotion of many steps does; over minutes it may not write more often than it earns.
"""

from __future__ import annotations

from dataclasses import dataclass

BURST = 200.0
PER_SECOND = 1.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class LivelockGuard:
    """`monotonic` is in seconds."""

    def __init__(self) -> None:
        self._buckets: dict[object, _Bucket] = {}

    def wrote(self, key: object, monotonic: float) -> float:
        """Seconds for which the key must rest now; 0 nearly always."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(BURST, monotonic)
        bucket.left = min(BURST, bucket.left + (monotonic - bucket.at) * PER_SECOND) - 1.0
        bucket.at = monotonic
        return max(0.0, -bucket.left / PER_SECOND)

    def forget(self, key: object) -> None:
        self._buckets.pop(key, None)
