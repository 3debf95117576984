"""HTTP/2 as a server, for gRPC (RFC 9113): one client's connection as an asyncio protocol.

Only what a server needs: no push, no priorities. A client that floods control frames, or opens and resets streams
without end, is sent away; a stream whose client does not read waits without filling memory. `Http2Connection` inherits
its layers, so that a frame costs no more calls: requests (http2_requests.py) on flow control (http2_flow_control.py)
on streams (http2_streams.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol, cast

from hpack import HPACKError

from argosy.server.transport.http2_flow_control import CONNECTION_WINDOW, STALL_SECONDS
from argosy.server.transport.http2_frames import (
    ACK,
    COMPRESSION_ERROR,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    GOAWAY,
    HEADERS,
    MAX_FRAME,
    PING,
    PREFACE,
    PROTOCOL_ERROR,
    PUSH,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    ConnectionFault,
    check_form,
    encode_headers,
    frame,
    head,
    pair,
    unpadded,
    word,
)
from argosy.server.transport.http2_requests import MAX_HEADERS, MAX_STREAMS, Host, Requests
from argosy.server.transport.http2_streams import WINDOW, Stream, StreamReset

CONNECTIONS: Final = 4096
IDLE_SECONDS: Final = 900.0
"""A connection without a stream is asked to end after this long."""


class Server(Host, Protocol):
    """The server that a connection belongs to."""

    http2_connections: set[Http2Connection]


Handle = Callable[["Http2Connection", Stream], Coroutine[Any, Any, None]]


class Http2Connection(Requests):
    """Reads and writes the frames of one client's connection."""

    host: Server

    def __init__(self, host: Server, handle: Handle) -> None:
        super().__init__()
        self.host, self.handle = host, handle
        self.loop = asyncio.get_running_loop()
        self.progress = self.loop.time()
        self.peer = ""
        self.secure = False
        self._buffer = bytearray()
        self._greeted = False
        self._stalled_at = -1.0
        self._closing = False

    # -- asyncio -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        self.secure = transport.get_extra_info("ssl_object") is not None
        self.host.http2_connections.add(self)
        if len(self.host.http2_connections) > CONNECTIONS:
            self.transport.abort()
            return
        settings = b"".join(pair.pack(*item) for item in ((3, MAX_STREAMS), (4, WINDOW), (6, MAX_HEADERS)))
        self.transport.write(
            frame(SETTINGS, 0, 0, settings) + frame(WINDOW_UPDATE, 0, 0, word.pack(CONNECTION_WINDOW - 65_535))
        )

    def connection_lost(self, error: Exception | None) -> None:
        self.host.http2_connections.discard(self)
        self._writable.set()
        for stream in [*self.streams.values()]:
            self._drop(stream)

    def pause_writing(self) -> None:
        self._writable.clear()
        self._stalled_at = self.loop.time()

    def resume_writing(self) -> None:
        self._writable.set()
        self._stalled_at = -1.0

    def is_idle(self, now: float) -> bool:
        return not self.streams and now - self.progress >= IDLE_SECONDS

    def is_stuck(self, now: float) -> bool:
        """It does not read what it is sent, or was asked to end long ago and did not."""
        if self._closing and self.is_idle(now - STALL_SECONDS):
            return True
        return 0 <= self._stalled_at <= now - STALL_SECONDS

    def data_received(self, data: bytes) -> None:
        self.progress = self.loop.time()
        self._buffer += data
        try:
            self._read()
        except ConnectionFault as fault:
            self._go_away(fault.code)
        except (HPACKError, UnicodeDecodeError):
            self._go_away(COMPRESSION_ERROR)

    def _read(self) -> None:
        if not self._greeted:
            if len(self._buffer) < len(PREFACE):
                return
            if self._buffer[: len(PREFACE)] != PREFACE:
                raise ConnectionFault(PROTOCOL_ERROR, "the preface is wrong")
            del self._buffer[: len(PREFACE)]
            self._greeted = True
        at, buffer = 0, self._buffer
        try:
            while len(buffer) - at >= 9:
                high, low, kind, flags, number = head.unpack_from(buffer, at)
                size = high << 16 | low
                if size > MAX_FRAME:
                    raise ConnectionFault(FRAME_SIZE_ERROR, "a frame is too large")
                if len(buffer) - at < 9 + size:
                    break
                payload = bytes(buffer[at + 9 : at + 9 + size])
                at += 9 + size
                self._take(kind, flags, number & 0x7FFFFFFF, payload)
        finally:
            del buffer[:at]

    # -- frames --------------------------------------------------------------------------------------------------------

    def _take(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if self._block is not None and kind != CONTINUATION:
            raise ConnectionFault(PROTOCOL_ERROR, "a header block is interrupted")
        check_form(kind, flags, number, len(payload))
        if kind == DATA:
            self._data(flags, number, payload)
        elif kind == HEADERS:
            self._headers(flags, number, unpadded(flags, payload, prioritized=True))
        elif kind == CONTINUATION:
            self._continuation(flags, number, payload)
        else:
            self._count_control()
            self._control(kind, flags, number, payload)

    def _control(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if kind == WINDOW_UPDATE:
            self._controls -= 1
            self._window_update(number, payload)
        elif kind == SETTINGS:
            self._settings(flags, payload)
        elif kind == PING:
            if not flags & ACK:
                self.transport.write(frame(PING, ACK, 0, payload))
        elif kind == RST_STREAM:
            self._check_opened(number)
            if (stream := self.streams.get(number)) is not None:
                self._drop(stream)
        elif kind == PUSH:
            raise ConnectionFault(PROTOCOL_ERROR, "clients push nothing")
        elif kind == GOAWAY:
            self._closing = True

    async def _serve(self, stream: Stream) -> None:
        try:
            await self.handle(self, stream)
            self._controls = 0
        except StreamReset:
            pass
        finally:
            self.streams.pop(stream.number, None)
            if not stream.ended and not stream.reset and not self.transport.is_closing():
                self.transport.write(frame(RST_STREAM, 0, stream.number, word.pack(0)))

    def _settings(self, flags: int, payload: bytes) -> None:
        if flags & ACK:
            return
        for at in range(0, len(payload), 6):
            name, value = pair.unpack_from(payload, at)
            if name == 4:
                if value > 0x7FFFFFFF:
                    raise ConnectionFault(FLOW_CONTROL_ERROR, "a window is too large")
                change = value - self._initial_window
                self._initial_window = value
                for stream in self.streams.values():
                    stream.window += change
                    stream.may_send.set()
            elif name == 5:
                if not MAX_FRAME <= value <= 0xFFFFFF:
                    raise ConnectionFault(PROTOCOL_ERROR, "there are no frames of that size")
                self._frame = min(value, 1 << 20)
            elif name == 2 and value > 1:
                raise ConnectionFault(PROTOCOL_ERROR, "whether to push is 0 or 1")
        self.transport.write(frame(SETTINGS, ACK, 0, b""))

    def _go_away(self, code: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(frame(GOAWAY, 0, 0, word.pack(self._last) + word.pack(code)))
            self.transport.close()

    def finish(self) -> None:
        """No new streams; open ones continue for as long as the server waits."""
        if not self._closing and not self.transport.is_closing():
            self._closing = True
            self.transport.write(frame(GOAWAY, 0, 0, word.pack(self._last) + word.pack(0)))
            if not self.streams:
                self.transport.close()

    # -- what a handler does -------------------------------------------------------------------------------------------

    def send_headers(self, stream: Stream, headers: Iterable[tuple[str, str]], *, last: bool = False) -> None:
        if not stream.reset:
            self.transport.write(self.headers_frame(stream, headers, last=last))

    @staticmethod
    def headers_frame(stream: Stream, headers: Iterable[tuple[str, str]], *, last: bool = False) -> bytes:
        return frame(HEADERS, END_HEADERS | (END_STREAM if last else 0), stream.number, encode_headers(headers))
