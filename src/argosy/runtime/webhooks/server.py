"""An HTTPS server for admission webhooks on a real cluster: capabilities declare routes, one server handles them.

    server = WebhookServer(
        [Route("/certs/mutate", reviewer.answer), Route("/certs/validate", reviewer.answer)], clock
    )
    async with server.listening(address, context):
        ...

A request is hostile until it is validated: size, number and time are bounded, and a response reveals nothing
about internal errors. Certificates: `runtime/webhooks/certificates.py`.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import web

from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock

log = logging.getLogger(__name__)

Answer = Callable[[str, bytes], Awaitable[bytes]]
"""(path, body of an AdmissionReview) -> body of its response. ValueError, KeyError, TypeError: it is not a review."""

BODY_LIMIT: Final = 8 * 1024 * 1024
"""In bytes: the new and the old object, and the envelope."""
AT_ONCE: Final = 200
"""Concurrent reviews; further ones are told to retry, which an API server handles according to `failurePolicy`."""
SECONDS: Final = 10.0
"""Maximum duration of a review; an API server waits no longer unless its configuration says so."""
VERSION: Final = "admission.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int


class AddressError(ValueError):
    """Not a valid address; the message says what would be right."""


def address_of(text: str) -> Address:
    """From `host:port`, `[::1]:port` or `:port`, which is every address of the machine. Raises AddressError."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise AddressError(f"{text!r} is not an address such as :9443 or 127.0.0.1:9443")
    return Address(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 all addresses were asked for


@dataclass(frozen=True, slots=True)
class Route:
    """One path, as in a webhook configuration's `clientConfig`, and its handler."""

    path: str
    answer: Answer


class WebhookServer:
    """Answers POSTs of AdmissionReviews v1 on the declared paths, and GETs of `/healthz`."""

    def __init__(self, routes: Iterable[Route], clock: Clock) -> None:
        """Raises ValueError for a path that is declared twice."""
        self._routes: dict[str, Answer] = {}
        for route in routes:
            if route.path in self._routes:
                raise ValueError(f"webhook path {route.path!r} is declared twice: each room has paths of its own")
            self._routes[route.path] = route.answer
        self._clock = clock
        self._at_work = 0

    @asynccontextmanager
    async def listening(self, address: Address, context: ssl.SSLContext) -> AsyncIterator[Address]:
        """Returns the bound address (port 0 picks a free one); stops with the block. Raises OSError."""
        app = web.Application(client_max_size=BODY_LIMIT)
        app.router.add_get("/healthz", self._healthy)
        app.router.add_post("/{path:.*}", self._review)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, address.host, address.port, ssl_context=context)
            await site.start()
            host, port = runner.addresses[0][:2]
            yield Address(host, port)
        finally:
            await runner.cleanup()

    async def _healthy(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _review(self, request: web.Request) -> web.Response:
        answer = self._routes.get(request.path)
        if answer is None:
            return _refused(404, f"no webhook at this path; there are {', '.join(sorted(self._routes))}")
        if request.content_type != "application/json":
            return _refused(415, "an AdmissionReview is application/json")
        if self._at_work >= AT_ONCE:
            return _refused(429, "too many reviews at once", {"Retry-After": "1"})
        self._at_work += 1
        try:
            return await self._answered(request, answer)
        finally:
            self._at_work -= 1

    async def _answered(self, request: web.Request, answer: Answer) -> web.Response:
        body = await request.read()  # one that is too long is refused by the framework, with 413
        if (fault := fault_of(body)) is not None:
            return _refused(400, fault)
        try:
            async with asyncio.timeout(SECONDS):
                made = await answer(request.path, body)
        except TimeoutError:
            return _refused(504, f"the review took longer than {SECONDS:g} s")
        except (ValueError, KeyError, TypeError):
            return _refused(400, "the body is not an AdmissionReview of this webhook's kinds")
        except Exception as error:  # only its type is logged: an object may have secrets
            log.warning("a review at %s failed: %s", request.path, type(error).__name__)
            return _refused(500, "the review failed")
        return web.Response(body=made, content_type="application/json")


def fault_of(body: bytes) -> str | None:
    """Why a body is not an AdmissionReview v1; None when it is one."""
    try:
        review = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "the body is not JSON"
    if not isinstance(review, dict) or review.get("kind") != "AdmissionReview":
        return "kind: must be AdmissionReview"
    if review.get("apiVersion") != VERSION:
        return f"apiVersion: must be {VERSION}"
    asked = review.get("request")
    if not isinstance(asked, dict) or not isinstance(asked.get("uid"), str) or not asked["uid"]:
        return "request.uid: must be set"
    return None


def answered(request: JsonObject, response: JsonObject) -> bytes:
    """The review that responds to `request`; `response` as for a Kubernetes API server, without its uid."""
    body = {"apiVersion": VERSION, "kind": "AdmissionReview", "response": {"uid": request["uid"], **response}}
    return orjson.dumps(body)


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{why}\n", headers=headers)
