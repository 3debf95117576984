"""A real HTTP server on loopback that answers as a host of repositories does, and notes what it was asked."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from argosy.gitops.applicationsets.hosting import WebHosting
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy

Answers = Callable[[web.Request], Any]
"""JSON to answer with, a whole response, or None for 404."""


@dataclass
class Host:
    answers: Answers
    url: str = ""
    asked: list[web.Request] = field(default_factory=list)
    hosting: WebHosting = field(init=False)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        found = self.answers(request)
        if isinstance(found, web.StreamResponse):
            return found
        if found is None:
            return web.json_response({"message": "Not Found"}, status=404)
        return web.json_response(found)

    @property
    def authorizations(self) -> set[str]:
        return {request.headers.get("Authorization", "") for request in self.asked}


def with_host(answers: Answers, work: Callable[[Host], Awaitable[None]]) -> None:
    async def main() -> None:
        host, egress = Host(answers), Egress(EgressPolicy(allow_loopback=True))
        host.hosting = WebHosting(egress, RealClock())
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", host.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            await work(host)
        finally:
            await egress.close()
            await runner.cleanup()

    asyncio.run(main())


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()
