"""The HTTP endpoints of Sealed Secrets on a real cluster, behind a Service; the embedded server's proxy has the same.

Plain HTTP, like upstream: the API server's proxy expects it. Size, number and duration of requests are limited; no
response contains a Secret's value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.runtime.webhooks.server import Address

BODY_LIMIT: Final = 2 * 1024 * 1024
"""Bytes; the endpoints read no more."""
AT_ONCE: Final = 100
SECONDS: Final = 60.0
Ask = Callable[[ProxyRequest], Awaitable[ProxyResponse]]


class SealingListener:
    """`run` runs until cancelled. `ask` is the room's own handler."""

    def __init__(self, ask: Ask, address: Address) -> None:
        self._ask, self._address = ask, address
        self._at_work = 0
        self.listens_at: Address | None = None

    async def run(self) -> None:
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._address.host, self._address.port).start()
            host, port = runner.addresses[0][:2]
            self.listens_at = Address(host, port)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        if self._at_work >= AT_ONCE:
            return web.Response(status=429, text="too many requests at once\n", headers={"Retry-After": "1"})
        self._at_work += 1
        try:
            return await self._answered(request)
        finally:
            self._at_work -= 1

    async def _answered(self, request: web.Request) -> web.Response:
        headers = {key.lower(): value for key, value in request.headers.items()}
        # The client's address is the connection's: a header that anyone can set counts only behind a proxy, the
        # API server's, which appends the address that it saw.
        came = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        headers["x-forwarded-for"] = came or request.remote or ""
        asked = ProxyRequest(
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers=headers,
            body=await request.read(),
        )
        try:
            async with asyncio.timeout(SECONDS):
                answer = await self._ask(asked)
        except TimeoutError:
            return web.Response(status=504, text="no answer in time\n")
        content_type = answer.content_type or "text/plain; charset=utf-8"
        return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": content_type})
