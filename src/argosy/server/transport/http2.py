"""HTTP/2 as a server, for gRPC: frames, header compression and flow control on one asyncio transport.

Only what a server needs: no push, no priorities. A client that floods control frames, or opens and resets streams
without end, is sent away; a stream whose client does not read waits without filling memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from hpack import Decoder, HPACKError

from argosy.server.transport.http2_frames import (
    ACK,
    CALM,
    CANCEL,
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
    REFUSED,
    RST_STREAM,
    SETTINGS,
    STREAM_CLOSED,
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
from argosy.server.transport.http2_headers import Malformed, check_request, check_trailers

MAX_STREAMS: Final = 1000
MAX_HEADERS: Final = 65_536
WINDOW: Final = 1 << 20
CONNECTION_WINDOW: Final = 4 << 20
FLOOD: Final = 2_000
"""Control frames, resets and empty frames that may come while no request is answered."""
CONNECTIONS: Final = 4096
IDLE_SECONDS: Final = 900.0
"""A connection without a stream is asked to end after this long."""
STALL_SECONDS: Final = 60.0
"""A client that takes no byte of an answer for this long is cut off."""


class StreamReset(Exception):
    """The client does not want the answer any more."""


@dataclass(slots=True, eq=False)
class Stream:
    number: int
    headers: list[tuple[str, str]]
    window: int
    granted: int = WINDOW
    """What the client may send before it is credited with more."""
    received: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    length: int = -1
    """What is still to come by its content-length; -1 when that is not told."""
    ended: bool = False
    """By the client."""
    reset: bool = False
    may_send: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Host(Protocol):
    http2_connections: set[Http2Connection]
    draining: bool

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


Handle = Callable[["Http2Connection", Stream], Coroutine[Any, Any, None]]


class Http2Connection(asyncio.Protocol):
    def __init__(self, host: Host, handle: Handle) -> None:
        self.host, self.handle = host, handle
        self.loop = asyncio.get_running_loop()
        self.progress = self.loop.time()
        self.peer = ""
        self.secure = False
        self.streams: dict[int, Stream] = {}
        self._buffer = bytearray()
        self._greeted = False
        self._decoder = Decoder(MAX_HEADERS)
        self._window = 65_535
        self._granted = CONNECTION_WINDOW
        self._stalled_at = -1.0
        self._initial_window = 65_535
        self._frame = MAX_FRAME
        self._block: tuple[int, int, bytearray] | None = None
        self._last = 0
        self._controls = 0
        self._owed = 0
        self._writable = asyncio.Event()
        self._writable.set()
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
        """Takes nothing of what it is sent, or was asked to end long ago and did not."""
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

    def _count_control(self) -> None:
        """What costs its sender nothing, and us something."""
        self._controls += 1
        if self._controls > FLOOD:
            raise ConnectionFault(CALM, "too many control frames")

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

    def _data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        stream = self.streams.get(number)
        self._granted -= size
        if self._granted < 0:
            raise ConnectionFault(FLOW_CONTROL_ERROR, "more data than the connection's window has room for")
        if stream is None or stream.ended:
            self._check_opened(number)
            self._credit(0, size)
            if stream is not None:
                self._refuse(number, STREAM_CLOSED)
            return
        stream.granted -= size
        if stream.granted < 0:
            raise ConnectionFault(FLOW_CONTROL_ERROR, "more data than the stream's window has room for")
        if content := unpadded(flags, payload):
            if stream.length >= 0:
                stream.length -= len(content)
                if stream.length < 0:
                    self._refuse(number, PROTOCOL_ERROR)
                    return
            stream.received.put_nowait(content)
        elif not flags & END_STREAM:
            self._count_control()
        if size > len(content):
            self._credit(number, size - len(content))
        if flags & END_STREAM:
            self._end(stream)

    def _headers(self, flags: int, number: int, payload: bytes) -> None:
        if flags & END_HEADERS:
            self._opened(number, flags, payload)
        else:
            self._block = (number, flags, bytearray(payload))

    def _continuation(self, flags: int, number: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != number:
            raise ConnectionFault(PROTOCOL_ERROR, "a continuation of nothing")
        self._count_control()
        self._block[2].extend(payload)
        if len(self._block[2]) > MAX_HEADERS:
            raise ConnectionFault(CALM, "the headers are too large")
        if flags & END_HEADERS:
            _, first, block = self._block
            self._block = None
            self._opened(number, first, bytes(block))

    def _opened(self, number: int, flags: int, block: bytes) -> None:
        headers = [(_text(name), _text(value)) for name, value in self._decoder.decode(block, raw=True)]
        if (known := self.streams.get(number)) is not None:
            self._trailers(known, flags, headers)
            return
        if number % 2 == 0 or number <= self._last:
            raise ConnectionFault(PROTOCOL_ERROR, "a stream's number is not new")
        self._last = number
        if len(self.streams) >= MAX_STREAMS or self.host.draining:
            self._controls += 1
            self.transport.write(frame(RST_STREAM, 0, number, word.pack(REFUSED)))
            return
        stream = Stream(number, headers, self._initial_window)
        try:
            stream.length = check_request(headers)
        except Malformed:
            self._refuse(number, PROTOCOL_ERROR)
            return
        self.streams[number] = stream
        if flags & END_STREAM:
            self._end(stream)
        if not stream.reset:
            stream.task = self.host.run(self._serve(stream))

    def _trailers(self, stream: Stream, flags: int, headers: list[tuple[str, str]]) -> None:
        if stream.ended:
            self._refuse(stream.number, STREAM_CLOSED)
            return
        try:
            check_trailers(headers)
        except Malformed:
            self._refuse(stream.number, PROTOCOL_ERROR)
            return
        if not flags & END_STREAM:
            self._refuse(stream.number, PROTOCOL_ERROR)
            return
        self._end(stream)

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

    def _window_update(self, number: int, payload: bytes) -> None:
        more = word.unpack(payload)[0] & 0x7FFFFFFF
        if number == 0:
            self._window += more
            if not more or self._window > 0x7FFFFFFF:
                raise ConnectionFault(FLOW_CONTROL_ERROR if more else PROTOCOL_ERROR, "a window grows in its limits")
            for stream in self.streams.values():
                stream.may_send.set()
            return
        self._check_opened(number)
        if (found := self.streams.get(number)) is not None:
            found.window += more
            found.may_send.set()
            if not more or found.window > 0x7FFFFFFF:
                self._refuse(number, FLOW_CONTROL_ERROR if more else PROTOCOL_ERROR)

    def _check_opened(self, number: int) -> None:
        if number > self._last or number % 2 == 0:
            raise ConnectionFault(PROTOCOL_ERROR, f"stream {number} was never opened")

    def _refuse(self, number: int, code: int) -> None:
        """Ends one stream for what is wrong with it. Counts as a control frame: it may cost us more than its client."""
        self._count_control()
        self.transport.write(frame(RST_STREAM, 0, number, word.pack(code)))
        if (stream := self.streams.get(number)) is not None:
            self._drop(stream)

    def _end(self, stream: Stream) -> None:
        if stream.length > 0:
            self._refuse(stream.number, PROTOCOL_ERROR)
            return
        stream.ended = True
        stream.received.put_nowait(None)

    def _drop(self, stream: Stream) -> None:
        self.streams.pop(stream.number, None)
        stream.reset = True
        stream.may_send.set()
        if stream.task is not None:
            stream.task.cancel()

    def _credit(self, number: int, size: int) -> None:
        """Gives the client back what it may send."""
        if not size:
            return
        self._owed += size
        update = b""
        if self._owed >= CONNECTION_WINDOW // 4:
            self._granted += self._owed
            update, self._owed = frame(WINDOW_UPDATE, 0, 0, word.pack(self._owed)), 0
        if number in self.streams and not self.streams[number].ended:
            self.streams[number].granted += size
            update += frame(WINDOW_UPDATE, 0, number, word.pack(size))
        if update:
            self.transport.write(update)

    def _go_away(self, code: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(frame(GOAWAY, 0, 0, word.pack(self._last) + word.pack(code)))
            self.transport.close()

    def finish(self) -> None:
        """No new streams; those that are open go on for as long as the server waits."""
        if not self._closing and not self.transport.is_closing():
            self._closing = True
            self.transport.write(frame(GOAWAY, 0, 0, word.pack(self._last) + word.pack(0)))
            if not self.streams:
                self.transport.close()

    # -- what a handler does -------------------------------------------------------------------------------------------

    async def received(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        while (content := await stream.received.get()) is not None:
            yield content
            self._credit(stream.number, len(content))

    def send_headers(self, stream: Stream, headers: Iterable[tuple[str, str]], *, last: bool = False) -> None:
        if not stream.reset:
            self.transport.write(self.headers_frame(stream, headers, last=last))

    @staticmethod
    def headers_frame(stream: Stream, headers: Iterable[tuple[str, str]], *, last: bool = False) -> bytes:
        return frame(HEADERS, END_HEADERS | (END_STREAM if last else 0), stream.number, encode_headers(headers))

    def room(self, stream: Stream, size: int) -> bool:
        """Whether so much may be sent at once, in one frame."""
        return size <= min(self._window, stream.window, self._frame) and self._writable.is_set()

    def data_frame(self, stream: Stream, data: bytes) -> bytes:
        """Of what there is room for."""
        self._window -= len(data)
        stream.window -= len(data)
        return frame(DATA, 0, stream.number, data)

    async def send_data(self, stream: Stream, data: bytes) -> None:
        """Raises StreamReset."""
        view = memoryview(data)
        while view:
            if stream.reset or self.transport.is_closing():
                raise StreamReset
            if not self._writable.is_set():
                await self._writable.wait()
                continue
            allowed = min(self._window, stream.window, self._frame, len(view))
            if allowed <= 0:
                stream.may_send.clear()
                await self._allowed(stream)
                continue
            self.transport.write(self.data_frame(stream, bytes(view[:allowed])))
            view = view[allowed:]

    async def _allowed(self, stream: Stream) -> None:
        """Until the client has room for more. Raises StreamReset."""
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await stream.may_send.wait()
        except TimeoutError:
            stream.reset = True
            self.transport.write(frame(RST_STREAM, 0, stream.number, word.pack(CANCEL)))
            raise StreamReset from None


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode()
