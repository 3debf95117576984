"""Metrics of renderings: the cache, waiting times, and the workers. Source: spec/metrics.md E1 (port 8084).

The cache has the names of upstream's Redis, since dashboards show the cache by those. There is no Redis: a look-up in
the cache is a `get`, a stored rendering a `set`; none fails.
"""

from __future__ import annotations

import platform
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Final

from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.render.cache import Counters
from argosy.runtime.clock import Clock
from argosy.sources.urls import normalise_url

INITIATOR: Final = "argocd-repo-server"
CONTROLLER: Final = "argocd-application-controller"
ASK_SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Upstream's controller and server have different buckets under one name: these are both."""
LOOK_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0)
WAIT_SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 20.0, 60.0, 120.0)


def register_cache(counters: Callable[[], Counters], registry: Registry = REGISTRY) -> None:
    def looks(number: Callable[[Counters], int]) -> Callable[[], Iterable[Sample]]:
        return lambda: [((), float(number(counters())))]

    hits = "argosy_render_cache_hits_total"
    registry.collected(hits, "Renderings that were found.", (), looks(lambda one: one.hits), "counter")
    misses = "argosy_render_cache_misses_total"
    registry.collected(misses, "Renderings that had to be made.", (), looks(lambda one: one.misses), "counter")


def register_workers(processes: Callable[[], Sized], registry: Registry = REGISTRY) -> None:
    registry.gauge("argosy_render_workers", "Processes that render, at work or idle.").watch(
        lambda: float(len(processes()))
    )


class RenderMetrics:
    """Waiting requests, and for how long. Repositories are named without user and password."""

    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock = clock
        self._pending: Tally[str] = Tally()
        pending = "argocd_repo_pending_request_total"
        registry.collected(pending, "Renderings that are asked for and not made.", ("repo",), self._waiting)
        self._waits = registry.histogram(
            "argocd_repo_parallelism_wait_duration_seconds", "Wait for a place to render.", ("repo",), WAIT_SECONDS
        )
        names = ("hostname", "initiator", "command", "failed")
        self._requests = registry.counter("argocd_redis_request_total", "Looks at caches, and what is kept.", names)
        self._named = {"hostname": platform.node(), "initiator": INITIATOR, "failed": "false"}
        for command in ("get", "set"):
            self._requests.add(0.0, command=command, **self._named)
        self._looks = registry.histogram(
            "argocd_redis_request_duration_seconds", "Time of looks at the cache.", ("initiator",), LOOK_SECONDS
        )

        self._durations = registry.histogram(
            "argocd_redis_request_duration", "Time of looks at caches.", ("hostname", "initiator"), ASK_SECONDS
        )

    @contextmanager
    def pending(self, url: str) -> Iterator[None]:
        repo = normalise_url(url)
        self._pending[repo] += 1
        try:
            yield
        finally:
            self._pending[repo] -= 1

    @contextmanager
    def looking(self) -> Iterator[None]:
        began = self._clock.monotonic()
        yield
        self._requests.add(command="get", **self._named)
        seconds = self._clock.monotonic() - began
        self._looks.observe(seconds, initiator=INITIATOR)
        self._durations.observe(seconds, hostname=self._named["hostname"], initiator=CONTROLLER)

    def kept(self) -> None:
        self._requests.add(command="set", **self._named)

    def waited(self, url: str, since: float) -> None:
        """`since`: on the monotonic clock."""
        self._waits.observe(self._clock.monotonic() - since, repo=normalise_url(url))

    def _waiting(self) -> Iterable[Sample]:
        return [((repo,), float(count)) for repo, count in sorted(self._pending.items())]
