"""Looks of a controller at each of its objects, and the Events it emitted about them. Source: spec/metrics.md E2.

Series of a deleted object stay for a while, so that a last scrape sees them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from argosy.machinery.controller import Controller, Event
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.caches.informer import Cache
from argosy.runtime.clock import Clock

BOUNDS: Final = (0.01, 0.15, 0.25, 0.5, 1.0)
STAY_SECONDS: Final = 60.0
_NAMES: Final = ("namespace", "name")


class LookMetrics:
    """`kind`: the prefix of the series, such as `rollout`. All kinds share `rollout_events_total`."""

    def __init__(self, kind: str, cache: Cache, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._cache, self._clock = cache, clock
        self._seconds = registry.histogram(f"{kind}_reconcile", "Time of one look.", _NAMES, BOUNDS)
        self._errors = registry.counter(f"{kind}_reconcile_error", "Looks that failed.", _NAMES)
        labels = (*_NAMES, "type", "reason")
        self._events = registry.counter("rollout_events_total", "Events that were recorded, aggregated or not.", labels)
        cache.on_change(self._changed)

    def of(self, controller: Controller[Any]) -> Controller[Any]:
        """The controller, which is counted from now on."""
        return replace(controller, timed=self._timed, on_event=self._recorded)

    def _timed(self, key: Key, seconds: float, failed: bool) -> None:
        self._seconds.observe(seconds, namespace=key.namespace, name=key.name)
        if failed:
            self._errors.add(namespace=key.namespace, name=key.name)

    def _recorded(self, event: Event) -> None:
        key = key_of(event.about)
        self._events.add(namespace=key.namespace, name=key.name, type=event.type, reason=event.reason)

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is None and old is not None:
            key = key_of(old)
            self._clock.call_later(STAY_SECONDS, lambda: self._forget(key), background=True)

    def _forget(self, key: Key) -> None:
        if self._cache.get(key) is not None:
            return  # another object with that name
        for series in (self._seconds, self._errors, self._events):
            series.forget(lambda labels: (labels["namespace"], labels["name"]) != key)
