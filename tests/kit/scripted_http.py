"""An HTTP server on loopback that gives a test's answers, and records the requests."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Asked:
    method: str
    path: str
    """With its query."""
    headers: dict[str, str]
    body: bytes
    raw_path: str = ""
    """As it was sent: signatures are of this."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Reply = tuple[int, Any]
"""Status, and JSON or bytes."""


@dataclass
class ScriptedHttp:
    """`answer` gives the reply of each request; `asked` are the requests so far."""

    answer: Callable[[Asked], Reply]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ScriptedHttp]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        headers = {key.lower(): value for key, value in request.headers.items()}
        asked = Asked(request.method, request.path_qs, headers, await request.read(), request.raw_path)
        self.asked.append(asked)
        status, body = self.answer(asked)
        if isinstance(body, bytes):
            return web.Response(status=status, body=body)
        return web.json_response(body, status=status)
