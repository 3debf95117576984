"""Answers Prometheus queries from simulated traffic, where the simulation's rules define some."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from argosy.analysis.ports import Measure, Measured
from argosy.analysis.providers import prometheus
from argosy.analysis.providers.calling import SECONDS, Caller, CannotMeasure, asked
from argosy.analysis.settings import AnalysisSettings
from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.runtime.clock import Clock
from argosy.sources.egress import Answer

Served = Callable[[ProxyRequest], Awaitable[ProxyResponse]]
ANYWHERE = "http://prometheus.rehearsal"


class SimulatedTraffic:
    """`answer`: Prometheus' API over simulated traffic."""

    def __init__(self, answer: Served, clock: Clock) -> None:
        self._caller, self._clock = _InProcess(answer), clock

    async def __call__(self, question: Measure) -> Measured | None:
        """None if there is no such traffic, or the query is not supported by the simulation."""
        settings = AnalysisSettings(environment={"ARGO_ROLLOUTS_PROMETHEUS_ADDRESS": ANYWHERE})
        try:
            found = await prometheus.measure(self._caller, asked(question, self._clock.now(), settings))
        except CannotMeasure:
            return None
        return found if isinstance(found, Measured) and found.text != "[]" else None


class _InProcess(Caller):
    def __init__(self, answer: Served) -> None:
        self._answer = answer

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        seconds: float = SECONDS,
        insecure: bool = False,
    ) -> Answer:
        parts = urlsplit(url)
        lower = {name.lower(): text for name, text in (headers or {}).items()}
        path = parts.path[parts.path.find("/api/") :]
        request = ProxyRequest(method=method, path=path, query=parts.query, headers=lower, body=body or b"")
        found = await self._answer(request)
        return Answer(status=found.status, url=url, headers={"content-type": found.content_type}, body=found.body)
