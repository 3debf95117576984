"""Requests on an HTTP/2 connection: from a header block, through its data, to its trailers (RFC 9113, section 8.1)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from hpack import Decoder

from argosy.server.transport.http2_flow_control import FlowControl
from argosy.server.transport.http2_frames import (
    CALM,
    END_HEADERS,
    END_STREAM,
    FLOW_CONTROL_ERROR,
    PROTOCOL_ERROR,
    REFUSED,
    RST_STREAM,
    STREAM_CLOSED,
    ConnectionFault,
    frame,
    unpadded,
    word,
)
from argosy.server.transport.http2_headers import Malformed, check_request, check_trailers
from argosy.server.transport.http2_streams import Stream

MAX_STREAMS: Final = 1000
MAX_HEADERS: Final = 65_536


class Host(Protocol):
    """What runs the handlers. While it drains, it takes no new requests."""

    draining: bool

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]: ...


class Requests(FlowControl, ABC):
    """Opens a stream for each request and has it served."""

    host: Host

    def __init__(self) -> None:
        super().__init__()
        self._decoder = Decoder(MAX_HEADERS)
        self._block: tuple[int, int, bytearray] | None = None

    @abstractmethod
    async def _serve(self, stream: Stream) -> None:
        """The answer to one request."""

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


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode()
