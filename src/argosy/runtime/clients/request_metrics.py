"""Requests to clusters and their durations, under the names of kubectl's library in Argo CD. spec/metrics.md E1.

Argo CD starts kubectl for its writes; ours are requests. `argocd_kubectl_exec_*` counts those, since dashboards use
these metrics to show how many are in progress.
"""

from __future__ import annotations

import platform
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from argosy.machinery.status import StatusError
from argosy.observe.metrics import REGISTRY, Registry, Sample
from argosy.runtime.clock import Clock

SECONDS: Final = (0.005, 0.1, 0.5, 2.0, 8.0, 30.0)
METHODS: Final = {"Get": "GET", "List": "GET", "Create": "POST", "Update": "PUT", "Patch": "PATCH", "Delete": "DELETE"}


class RequestMetrics:
    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock, self._hostname = clock, platform.node()
        self._pending: Tally[str] = Tally()
        self._seconds = registry.histogram(
            "argocd_kubectl_request_duration_seconds", "Time of requests to clusters.", ("host", "verb"), SECONDS
        )
        self._requests = registry.counter(
            "argocd_kubectl_requests_total", "Requests to clusters.", ("host", "method", "code")
        )
        command = ("hostname", "command")
        self._executed = registry.counter("argocd_kubectl_exec_total", "Writes to clusters.", command)
        registry.collected("argocd_kubectl_exec_pending", "Writes to clusters under way.", command, self._under_way)

    @contextmanager
    def request(self, host: str, verb: str) -> Iterator[None]:
        """`verb` such as `Get`; the API server's code is counted, 200 for a success."""
        began, code = self._clock.monotonic(), "<error>"
        writes = verb not in ("Get", "List")
        self._pending[verb] += writes
        try:
            yield
            code = "201" if verb == "Create" else "200"
        except StatusError as error:
            code = str(error.code)
            raise
        finally:
            self._seconds.observe(self._clock.monotonic() - began, host=host, verb=METHODS[verb])
            self._requests.add(host=host, method=METHODS[verb], code=code)
            if writes:
                self._pending[verb] -= 1
                self._executed.add(hostname=self._hostname, command=verb.lower())

    def _under_way(self) -> Iterable[Sample]:
        commands = sorted({*self._pending, "Patch"} - {"Get", "List"})
        return [((self._hostname, verb.lower()), float(self._pending[verb])) for verb in commands]
