"""What the API server asks of its Redis, under upstream's names. Source: spec/metrics.md E1 (port 8083)."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argosy.observe.metrics import REGISTRY, Registry
from argosy.runtime.clock import Clock

SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Upstream's controller and server have buckets of their own under one name: these are both."""
INITIATOR: Final = "argocd-server"


class RedisMetrics:
    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock, self._hostname = clock, platform.node()
        labels = ("hostname", "initiator", "command", "failed")
        self._requests = registry.counter("argocd_redis_request_total", "Looks at caches, and what is kept.", labels)
        self._seconds = registry.histogram(
            "argocd_redis_request_duration", "Time of looks at caches.", ("hostname", "initiator"), SECONDS
        )

    @contextmanager
    def request(self, command: str) -> Iterator[None]:
        began, failed = self._clock.monotonic(), "true"
        try:
            yield
            failed = "false"
        finally:
            self._seconds.observe(self._clock.monotonic() - began, hostname=self._hostname, initiator=INITIATOR)
            self._requests.add(hostname=self._hostname, initiator=INITIATOR, command=command, failed=failed)
