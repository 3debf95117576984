"""One client's HTTP/1.1 connection: answers its requests, keeps it alive, and ends it.

A single task per connection answers one request after another, so a client that stops reading stalls nobody but
itself. The deadlines (a request must arrive, an answer must be read) are in real time even in a rehearsal, and are
checked by the server's sweep rather than by a timer per request.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from argosy.cluster.auth.authenticate import DIGEST
from argosy.cluster.http.exchange import Request, Response, status_response
from argosy.cluster.http.http1.response_writer import ResponseHost, ResponseWriter
from argosy.machinery.status import StatusError

CONNECTION_LIMIT = 4096
"""Maximum simultaneous connections; further ones are answered 429 and closed."""
REQUEST_SECONDS = 60.0
"""A request must be complete within this time after its first byte."""
ANSWER_SECONDS = 34.0
"""A request that is not a stream is answered within this time, or with 504 (spec section 2)."""
IDLE_SECONDS = 180.0
"""A kept-alive connection without a request is closed after this long."""
STALL_SECONDS = 30.0
"""A client that reads no byte of a response for this long is disconnected."""

Handler = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)


class Host(ResponseHost, Protocol):
    """What a connection needs from its server."""

    handler: Handler
    connections: set[Connection]
    draining: bool

    def begin(self, connection: Connection) -> asyncio.Task[None]: ...


class Connection(ResponseWriter):
    """States: reading a request, responding, closing. `progress` is when the current one last changed (loop time)."""

    host: Host

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.answering = False
        self._expired = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._certificate = _subject(transport.get_extra_info("peercert"), transport.get_extra_info("ssl_object"))
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._local = self._peer in ("", "127.0.0.1", "::1")
        self.host.connections.add(self)
        self._task = self.host.begin(self)
        if len(self.host.connections) > CONNECTION_LIMIT:
            self._refuse(_too_many_connections())

    def connection_lost(self, exc: Exception | None) -> None:
        self.host.connections.discard(self)
        self._writable.set()
        if self._raw is not None:
            self._raw.feed_end()
        self._task.cancel()

    def eof_received(self) -> bool:
        return False

    # ---- responding

    async def serve(self) -> None:
        """The connection's main loop; never raises, so that no client can stop the server."""
        try:
            while await self._next():
                pass
        except asyncio.CancelledError:
            if self.transport.is_closing():
                return
            if self.streaming and self.host.draining:
                self.transport.write(b"0\r\n\r\n")
            elif self._expired:
                response = status_response(_took_too_long())
                assert isinstance(response.body, bytes)
                head = self._head(response, last=True)
                self.transport.write(self._wire(Request("GET", "/"), response, head, response.body))
        except Exception as error:
            _log.error("a connection failed: %s", type(error).__name__)
        finally:
            self.transport.close()

    async def _next(self) -> bool:
        """Answers one request; False when the connection is to be closed."""
        await self._arrived.wait()
        if not self._waiting:
            if self._refusal is not None:
                await self._answer(Request("GET", "/"), status_response(self._refusal), last=True)
                await self._linger()
            return False
        request = self._waiting.popleft()
        last = not self._keep_alive and not self._waiting and self._refusal is None
        self.answering = True
        response = await self.host.handler(request)
        await self._answer(request, response, last=last or self.host.draining)
        self.answering = False
        self.progress = self.loop.time()
        if not self._waiting and self._refusal is None:
            self._arrived.clear()
        return not last and not self.host.draining

    async def _linger(self) -> None:
        """Reads the rest of a refused body for a moment: closing at once would reset the response away."""
        remaining = 20
        while remaining and not self.transport.is_closing():
            remaining -= 1
            before = self._size
            await pause(self.loop, 0.05)
            if self._size == before:
                return

    # ---- called by the server's sweep

    def is_overdue(self, now: float) -> bool:
        """Whether the client is too slow: sending a request, reading a response, or idle for too long."""
        since = now - self.progress
        if not self._writable.is_set():
            return since > STALL_SECONDS
        if self.reading and now - self.began > REQUEST_SECONDS:
            return not self.answering
        if self.answering:
            return False
        return since > (REQUEST_SECONDS if self._refusal else IDLE_SECONDS)

    def is_stuck(self, now: float) -> bool:
        """Whether a response that is not a stream is overdue."""
        return self.answering and self.streaming is None and now - self.progress > ANSWER_SECONDS

    def expire(self) -> None:
        """Aborts the running request: it is cancelled and answered 504."""
        self._expired = True
        self._task.cancel()

    def is_revoked(self) -> bool:
        stream = self.streaming
        return stream is not None and stream.still_allowed is not None and not stream.still_allowed()

    def finish(self) -> None:
        """Closes the connection as gracefully as its state allows: an idle one now, a stream with its last chunk."""
        if self.streaming or not self.answering:
            self._task.cancel()


async def pause(loop: asyncio.AbstractEventLoop, seconds: float) -> None:
    """Real time, on purpose: sockets do not use virtual time."""
    done = loop.create_future()
    handle = loop.call_later(seconds, _resolve, done)
    try:
        await done
    finally:
        handle.cancel()


def _resolve(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _subject(certificate: object, session: object) -> tuple[tuple[str, str], ...] | None:
    """The subject's attributes, in order, from what `ssl` returns for a verified peer, and its SHA-256 (DIGEST)."""
    if not isinstance(certificate, dict) or not certificate.get("subject"):
        return None
    subject = tuple((name, value) for part in certificate["subject"] for name, value in part)
    encoded = session.getpeercert(binary_form=True) if isinstance(session, ssl.SSLObject) else None
    return (*subject, (DIGEST, hashlib.sha256(encoded).hexdigest())) if encoded else subject


def _took_too_long() -> StatusError:
    message = "Timeout: request did not complete within the allowed duration"
    return StatusError(504, "Timeout", message, generic=True)


def _too_many_connections() -> StatusError:
    message = "Too many connections, please try again later."
    return StatusError(429, "TooManyRequests", message, retry_after=1)
