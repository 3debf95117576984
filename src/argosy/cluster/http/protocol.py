"""One client connection: bytes to requests, responses to bytes. Owns limits, keep-alive, back-pressure, slow clients.

httptools reads HTTP/1.1. A single task per connection answers one request after another, so a client that stops
reading stalls nobody but itself. Size limits count while reading. The deadlines (a request must arrive, an answer must
be read) are in real time even in a rehearsal, and are checked by the server's sweep rather than by a timer per
request.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import zlib
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Protocol, cast

import httptools

from argosy.cluster.auth.attributes import unauthorized
from argosy.cluster.auth.authenticate import DIGEST
from argosy.cluster.http.exchange import BODY_LIMIT, Chunks, Request, Response, body_too_large, status_response
from argosy.cluster.http.streaming.raw import RawStream
from argosy.machinery.status import StatusError

STRANGER_BODY_LIMIT = 65_536
"""Bytes of a body that are read before the sender is authenticated."""
HEADER_LIMIT = 65_536
"""Bytes of the request line and all headers; more are 431."""
PIPELINE_LIMIT = 4
"""Requests that may wait on one connection; clients of Kubernetes never pipeline. Reading continues while a request is
answered, since only that detects a client that disconnects."""
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
DISCARD_LIMIT = 8 * BODY_LIMIT
"""How much of a body that is too large is still read and discarded, so that the client sees the response."""
PIECE = 262_144
"""Bytes of a response that are passed to the transport at a time."""
GZIP_FROM = 131_072
"""Responses from this size are compressed for clients that accept it and are not on this machine."""

Handler = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {code: f"HTTP/1.1 {code} {phrase}\r\n" for code, phrase in _PHRASES.items()}
_HAS_NO_BODY = frozenset({204, 304})


class Host(Protocol):
    """What a connection needs from its server."""

    handler: Handler
    address: str
    connections: set[Connection]
    draining: bool

    def common_headers(self, audit_id: str) -> str:
        """Audit-Id and Date, each line ended."""
        ...

    def new_audit_id(self) -> str: ...

    def knows(self, request: Request) -> bool:
        """Whether the credentials are valid; asked before much of a body is read."""
        ...

    def begin(self, connection: Connection) -> asyncio.Task[None]: ...


class Connection(asyncio.Protocol):
    """States: reading a request, responding, closing. `progress` is when the current one last changed (loop time)."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.loop = asyncio.get_running_loop()
        self.progress = self.loop.time()
        self.reading = False
        self.began = self.progress
        """When the first byte of the current request arrived: a trickle of bytes does not move it."""
        self.answering = False
        self.streaming: Response | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._keep_alive = True
        self._refusal: StatusError | None = None
        self._expired = False
        self._certificate: tuple[tuple[str, str], ...] | None = None
        self._local = True
        self._peer = ""
        self._raw: RawStream | None = None
        self._after_upgrade: bytes | None = None
        """Data that a client sent after a request to upgrade, until the upgrade is decided."""
        self._new_request()

    def _new_request(self) -> None:
        self._target = b""
        self._headers: dict[str, list[str]] = {}
        self._body: list[bytes] = []
        self._size = 0
        self._header_size = 0
        self._in_headers = True
        self._vouched = False

    # ---- asyncio callbacks

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

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self.progress = self.loop.time()
        if self._raw is not None:
            self._raw.feed(data)
            return
        if self._after_upgrade is not None:
            self._keep_for_upgrade(data)
            return
        if self._refusal is not None:
            self._discard(len(data))
            return
        if not self.reading:
            self.reading, self.began = True, self.progress
        if self._in_headers:
            # data after the headers in this chunk is counted too: the limit is generous enough for that
            self._header_size += min(len(data), HEADER_LIMIT)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._keep_alive = False  # without an upgrade, the request has been handled as an ordinary one
            self._keep_for_upgrade(data[int(upgrade.args[0]) :])
        except httptools.HttpParserCallbackError as error:
            self._refuse(error.__context__ if isinstance(error.__context__, StatusError) else _bad_request())
        except httptools.HttpParserError:
            self._refuse(_bad_request())
        if self._in_headers and self._header_size > HEADER_LIMIT and self._refusal is None:
            self._refuse(_headers_too_large())

    def _keep_for_upgrade(self, data: bytes) -> None:
        self._after_upgrade = (self._after_upgrade or b"") + data
        if len(self._after_upgrade) > HEADER_LIMIT:
            self.transport.abort()

    def _discard(self, count: int) -> None:
        self._size += count
        if self._size > DISCARD_LIMIT:
            self.transport.abort()

    def _refuse(self, error: StatusError) -> None:
        """Answers with the error after the earlier requests have been answered, then closes."""
        self._refusal = error
        self._keep_alive = False
        self._body = []
        self.reading = False
        self._arrived.set()

    # ---- httptools callbacks

    def on_message_begin(self) -> None:
        self._new_request()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_size += len(name) + len(value)
        if self._header_size > 2 * HEADER_LIMIT:
            raise _headers_too_large()
        self._headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._header_size = 0
        if int((self._headers.get("content-length") or ["0"])[0]) > BODY_LIMIT:
            raise body_too_large()
        if "100-continue" in (self._headers.get("expect") or ()):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > BODY_LIMIT:
            raise body_too_large()
        if self._size > STRANGER_BODY_LIMIT and not self._vouched:
            self._vouched = self.host.knows(
                Request("POST", "/", self._headers, b"", self._certificate, peer=self._peer)
            )
            if not self._vouched:
                raise unauthorized()
        self._body.append(body)

    def on_message_complete(self) -> None:
        if len(self._waiting) >= PIPELINE_LIMIT:
            raise StatusError(400, "BadRequest", "too many requests at once on one connection")
        self._keep_alive = self._parser.should_keep_alive()
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        target = self._target.decode("latin-1")
        method = self._parser.get_method().decode("latin-1")
        request = Request(
            method,
            target,
            self._headers,
            body,
            self._certificate,
            self.host.address,
            self.host.new_audit_id(),
            self._peer,
        )
        self._waiting.append(request)
        self.reading = False
        self._arrived.set()

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

    async def _answer(self, request: Request, response: Response, *, last: bool) -> None:
        body = response.body
        if response.upgrade is not None:
            await self._upgrade(request, response)
            return
        head = self._head(response, last=last, audit_id=request.audit_id)
        if isinstance(body, bytes):
            await self._write_in_pieces(self._wire(request, response, head, body))
        elif request.method == "HEAD":
            self.transport.write(f"{head}\r\n".encode("latin-1"))
            await body.aclose()
        else:
            self.streaming = response
            await self._write_stream(head, body)
            self.streaming = None
        await self._drain()

    async def _upgrade(self, request: Request, response: Response) -> None:
        """Leaves HTTP; the connection closes when the upgraded protocol ends, or loses its right (security rule 11)."""
        assert response.upgrade is not None
        self._raw = raw = RawStream(self.transport, lambda: self._writable)
        raw.feed(self._after_upgrade or b"")
        head = self._head(response, last=False, audit_id=request.audit_id)
        self.transport.write(f"{head}\r\n".encode("latin-1"))
        self.streaming = response
        try:
            await response.upgrade(raw)
        except* ConnectionError:
            pass
        self.streaming = None

    async def _write_in_pieces(self, wire: bytes) -> None:
        """A client that does not read causes one piece in the transport's buffer, not a second copy of the response."""
        rest = memoryview(wire)
        while len(rest) > PIECE:
            self.transport.write(bytes(rest[:PIECE]))
            rest = rest[PIECE:]
            await self._drain()
        self.transport.write(bytes(rest))

    def _wire(self, request: Request, response: Response, head: str, body: bytes) -> bytes:
        extra = ""
        if len(body) >= GZIP_FROM and not self._local and "gzip" in request.header("accept-encoding"):
            body = zlib.compress(body, 1, 31)
            extra = "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
        if response.status not in _HAS_NO_BODY:
            extra += f"Content-Length: {len(body)}\r\n"
        else:
            body = b""
        wire = f"{head}{extra}\r\n".encode("latin-1")
        return wire if request.method == "HEAD" else wire + body

    async def _write_stream(self, head: str, chunks: Chunks) -> None:
        self.transport.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode("latin-1"))
        try:
            async for chunk in chunks:
                if chunk:
                    self.transport.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                    await self._drain()
            self.transport.write(b"0\r\n\r\n")
        finally:
            await chunks.aclose()

    async def _drain(self) -> None:
        self.progress = self.loop.time()
        if not self._writable.is_set():
            await self._writable.wait()

    def _head(self, response: Response, *, last: bool, audit_id: str = "") -> str:
        line = _STATUS_LINES.get(response.status) or f"HTTP/1.1 {response.status} \r\n"
        typed = f"Content-Type: {response.content_type}\r\n" if response.content_type else ""
        extra = "".join([f"{name}: {value}\r\n" for name, value in response.headers])
        close = "Connection: close\r\n" if last else ""
        common = self.host.common_headers(audit_id)
        return f"{line}{common}Cache-Control: {response.cache_control}\r\n{typed}{extra}{close}"

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


def _bad_request() -> StatusError:
    return StatusError(400, "BadRequest", "the request is not valid HTTP/1.1")


def _took_too_long() -> StatusError:
    message = "Timeout: request did not complete within the allowed duration"
    return StatusError(504, "Timeout", message, generic=True)


def _too_many_connections() -> StatusError:
    message = "Too many connections, please try again later."
    return StatusError(429, "TooManyRequests", message, retry_after=1)


def _headers_too_large() -> StatusError:
    return StatusError(431, "BadRequest", f"the request's headers are larger than {HEADER_LIMIT} bytes")
