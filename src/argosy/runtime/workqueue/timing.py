"""How long keys of a work queue wait and are processed, for dashboards; measured only while they are used."""

from __future__ import annotations

from collections.abc import Callable

from argosy.machinery.objects import Key
from argosy.runtime.clock import Clock


class QueueTiming:
    """`waited` and `worked` are called with seconds, once for each turn."""

    def __init__(self, clock: Clock, waited: Callable[[float], None], worked: Callable[[float], None]) -> None:
        self._clock, self._waited, self._worked = clock, waited, worked
        self._ready_since: dict[Key, float] = {}
        self._working_since: dict[Key, float] = {}

    def ready(self, key: Key) -> None:
        self._ready_since.setdefault(key, self._clock.monotonic())

    def taken(self, key: Key) -> None:
        now = self._clock.monotonic()
        if (since := self._ready_since.pop(key, None)) is not None:
            self._waited(now - since)
        self._working_since[key] = now

    def done(self, key: Key) -> None:
        if (since := self._working_since.pop(key, None)) is not None:
            self._worked(self._clock.monotonic() - since)

    def unfinished(self) -> float:
        """Total seconds of everything being processed."""
        now = self._clock.monotonic()
        return sum(now - since for since in self._working_since.values())

    def longest(self) -> float:
        now = self._clock.monotonic()
        return max((now - since for since in self._working_since.values()), default=0.0)
