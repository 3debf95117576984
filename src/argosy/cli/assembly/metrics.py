"""Serves a process's metrics over HTTP in pieces, so that a scrape of 10,000 Applications does not block other work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from argosy.observe.metrics import CONTENT_TYPE, REGISTRY, Registry
from argosy.runtime.clock import Clock

if TYPE_CHECKING:
    from aiohttp import web

    from argosy.runtime.webhooks.server import Address

AT_ONCE: Final = 4
"""Concurrent scrapes; further ones are asked to retry later."""


class Exposition:
    """The text format as chunks of a body; other tasks run between two chunks."""

    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock, self._pieces = clock, registry.pieces()

    def __aiter__(self) -> Exposition:
        return self

    async def __anext__(self) -> bytes:
        await self._clock.sleep(0)
        for piece in self._pieces:
            return piece.encode()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._pieces.close()


class MetricsServer:
    """Serves `GET /metrics`, `/healthz` and `/readyz` over plain HTTP, for Prometheus and the kubelet."""

    def __init__(self, clock: Clock, is_ready: Callable[[], bool], registry: Registry = REGISTRY) -> None:
        self._clock, self._is_ready, self._registry = clock, is_ready, registry
        self._scrapes = 0

    @asynccontextmanager
    async def listening(self, address: Address) -> AsyncIterator[str]:
        """Returns the URL. Raises OSError if the address is not available."""
        from aiohttp import web

        app = web.Application(client_max_size=1024)
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, address.host, address.port).start()
            host, port = runner.addresses[0][:2]
            yield f"http://{host}:{port}"
        finally:
            await runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        if self._scrapes >= AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "5"})
        self._scrapes += 1
        try:
            response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE})
            await response.prepare(request)
            async for piece in Exposition(self._clock, self._registry):
                await response.write(piece)
            await response.write_eof()
        finally:
            self._scrapes -= 1
        return response

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import web

        ready = self._is_ready()
        return web.Response(status=200 if ready else 503, text="ok\n" if ready else "caches are being filled\n")
