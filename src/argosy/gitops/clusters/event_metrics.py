"""How long changes of live objects take to be processed, and how many come at once. Source: spec/metrics.md E1."""

from __future__ import annotations

from types import TracebackType
from typing import Final

from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.clock import Clock

SECONDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class EventMetrics:
    """Entered around the handling of each change in one cluster. Those of one turn of the event loop are a batch."""

    def __init__(self, server: str, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._server, self._clock = server, clock
        self._began = self._spent = 0.0
        self._count = 0
        text = "Time of handling the changes that came at once."
        self._seconds = registry.histogram("argocd_resource_events_processing", text, ("server",), SECONDS)
        text = "Changes that came at once, the last time."
        self._batch = registry.gauge("argocd_resource_events_processed_in_batch", text, ("server",))

    def __enter__(self) -> None:
        self._began = self._clock.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spent += self._clock.monotonic() - self._began
        self._count += 1
        if self._count == 1:
            self._clock.call_later(0.0, self._end, background=True)

    def _end(self) -> None:
        self._seconds.observe(self._spent, server=self._server)
        self._batch.set(float(self._count), server=self._server)
        self._count, self._spent = 0, 0.0
