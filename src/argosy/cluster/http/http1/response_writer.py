"""Writes the responses of an HTTP/1.1 connection: whole, in chunks, or as an upgraded protocol.

A client that stops reading holds up its own response, and no more of it than one piece is kept for it.
"""

from __future__ import annotations

import asyncio
import zlib
from http import HTTPStatus
from typing import Protocol

from argosy.cluster.http.exchange import Chunks, Request, Response
from argosy.cluster.http.http1.request_parser import RequestHost, RequestParser
from argosy.cluster.http.streaming.raw import RawStream

PIECE = 262_144
"""Bytes of a response that are passed to the transport at a time."""
GZIP_FROM = 131_072
"""Responses from this size are compressed for clients that accept it and are not on this machine."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_STATUS_LINES = {code: f"HTTP/1.1 {code} {phrase}\r\n" for code, phrase in _PHRASES.items()}
_HAS_NO_BODY = frozenset({204, 304})


class ResponseHost(RequestHost, Protocol):
    """What writing responses needs from the server."""

    def common_headers(self, audit_id: str) -> str:
        """Audit-Id and Date, each line ended."""
        ...


class ResponseWriter(RequestParser):
    """Writes one response at a time, as fast as the client reads. `streaming`: the one that has no known end."""

    host: ResponseHost

    def __init__(self) -> None:
        super().__init__()
        self.streaming: Response | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._local = True

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

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
