"""A real HTTP server on loopback that answers as a metrics service does, and one measurement against it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from argosy.analysis.ports import Answer, Measure
from argosy.analysis.providers import Providers
from argosy.analysis.settings import AnalysisSettings
from argosy.machinery.controller import Hidden
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy

HERE = "http://here"
"""Stands for the server's address, in specs, credentials and settings alike."""
MOMENT = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)

Reply = Any
"""JSON, a text, a status, or a whole response."""


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Service:
    """Answers in order; the last reply stays."""

    replies: list[Reply]
    asked: list[Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(
            Request(request.method, request.path, dict(request.query), dict(request.headers), await request.text())
        )
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, web.StreamResponse):
            return reply
        if isinstance(reply, int):
            return web.json_response({"errors": ["refused"]}, status=reply)
        return web.Response(text=reply) if isinstance(reply, str) else web.json_response(reply)


def measure(
    provider: str,
    spec: dict[str, Any],
    *replies: Reply,
    credentials: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    operation: Any = "run",
    measurement: Any = None,
    policy: EgressPolicy | None = None,
    now: datetime = MOMENT,
    **metric: Any,
) -> tuple[Answer, Sequence[Request]]:
    """One measurement, and what the service was asked for it."""

    async def main(service: Service) -> Answer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", service.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        egress = Egress(policy or EgressPolicy(allow_loopback=True))
        try:
            return await one(egress, url)
        finally:
            await egress.close()
            await runner.cleanup()

    async def one(egress: Egress, url: str) -> Answer:
        def placed(value: Any) -> Any:
            return json.loads(json.dumps(value).replace(HERE, url))

        settings = AnalysisSettings(environment=placed(environment or {}))
        raw = {"name": "m", "provider": {provider: placed(spec)}, **metric}
        run = {"name": "run", "namespace": "default", "uid": "u", "startedAt": "2026-11-30T11:00:00Z"}
        question = Measure(
            uid="u",
            metric="m",
            number=1,
            operation=operation,
            asked_at=now,
            provider=provider,
            place="",
            spec=Hidden(json.dumps(raw)),
            run=Hidden(json.dumps({**run, "measurement": measurement})),
            credentials=Hidden(json.dumps(placed(credentials))),
        )
        return await Providers(egress, _At(now), settings).measure(question)

    service = Service(list(replies) or [{}])
    return asyncio.run(main(service)), service.asked


class _At(RealClock):
    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> datetime:
        return self._moment
