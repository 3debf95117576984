"""Reads the requests of an HTTP/1.1 connection (RFC 9112) with httptools. Size limits count while reading."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

import httptools

from argosy.cluster.auth.attributes import unauthorized
from argosy.cluster.http.exchange import BODY_LIMIT, Request, body_too_large
from argosy.cluster.http.streaming.raw import RawStream
from argosy.machinery.status import StatusError

STRANGER_BODY_LIMIT = 65_536
"""Bytes of a body that are read before the sender is authenticated."""
HEADER_LIMIT = 65_536
"""Bytes of the request line and all headers; more are 431."""
PIPELINE_LIMIT = 4
"""Requests that may wait on one connection; clients of Kubernetes never pipeline. Reading continues while a request is
answered, since only that detects a client that disconnects."""
DISCARD_LIMIT = 8 * BODY_LIMIT
"""How much of a body that is too large is still read and discarded, so that the client sees the response."""


class RequestHost(Protocol):
    """What reading requests needs from the server."""

    address: str

    def new_audit_id(self) -> str: ...

    def knows(self, request: Request) -> bool:
        """Whether the credentials are valid; asked before much of a body is read."""
        ...


class RequestParser(asyncio.Protocol):
    """Collects whole requests, in order, until they are answered; the first invalid one becomes a refusal."""

    host: RequestHost
    transport: asyncio.Transport

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.progress = self.loop.time()
        self.reading = False
        self.began = self.progress
        """When the first byte of the current request arrived: a trickle of bytes does not move it."""
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._arrived = asyncio.Event()
        self._keep_alive = True
        self._refusal: StatusError | None = None
        self._certificate: tuple[tuple[str, str], ...] | None = None
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


def _bad_request() -> StatusError:
    return StatusError(400, "BadRequest", "the request is not valid HTTP/1.1")


def _headers_too_large() -> StatusError:
    return StatusError(431, "BadRequest", f"the request's headers are larger than {HEADER_LIMIT} bytes")
