"""A listener for deliveries, next to the controllers: `/healthz`, and one path per receiver.

The sender is unknown before the signature is verified: size, number and time are limited, and no answer reveals
internal errors.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import orjson
from aiohttp import web

from argosy.machinery.unexpected import described
from argosy.promotion.webhooks.deliveries import TOO_LARGE, Receiving
from argosy.promotion.webhooks.delivery import BODY_LIMIT, Delivery, Reply

log = logging.getLogger(__name__)
AT_ONCE: Final = 100
"""How many deliveries run at once; further ones are told to retry, which hosts and registries do."""
SECONDS: Final = 20.0
"""The longest time for a delivery, including its transfer."""


class Listener:
    def __init__(self, receiving: Receiving) -> None:
        self._receiving = receiving
        self._at_work = 0

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT + 1)
        app.router.add_get("/healthz", _healthy)
        app.router.add_post("/{path:.*}", self._deliver)
        return app

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """The port that it listens on; 0 picks a free one."""
        runner = web.AppRunner(self.application(), access_log=None, handle_signals=False, shutdown_timeout=5.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            yield int(runner.addresses[0][1])
        finally:
            await runner.cleanup()

    async def _deliver(self, request: web.Request) -> web.Response:
        if self._at_work >= AT_ONCE:
            return web.Response(status=503, headers={"Retry-After": "10"})
        self._at_work += 1
        try:
            async with asyncio.timeout(SECONDS):
                return _response(await self._answered(request))
        except TimeoutError:
            return _response(Reply(503, {}))
        except Exception as error:
            log.warning("a webhook delivery failed: %s", described(error))
            return _response(Reply(500, {}))
        finally:
            self._at_work -= 1

    async def _answered(self, request: web.Request) -> Reply:
        if (request.content_length or 0) > BODY_LIMIT:
            return TOO_LARGE.reply
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return TOO_LARGE.reply
        delivery = Delivery(headers=dict(request.headers), body=body, query=dict(request.query))
        return await self._receiving.answer(request.path, delivery)


async def _healthy(request: web.Request) -> web.Response:
    return web.Response(text="")


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=orjson.dumps(reply.body), content_type="application/json")
