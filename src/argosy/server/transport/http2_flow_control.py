"""HTTP/2 flow control, in both directions (RFC 9113, section 5.2).

The client gets credit for what the handler has read, and an answer waits while the client has no room for it: neither
side fills the other's memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

from argosy.server.transport.http2_frames import (
    CANCEL,
    DATA,
    FLOW_CONTROL_ERROR,
    MAX_FRAME,
    PROTOCOL_ERROR,
    RST_STREAM,
    WINDOW_UPDATE,
    ConnectionFault,
    frame,
    word,
)
from argosy.server.transport.http2_streams import Stream, StreamReset, Streams

CONNECTION_WINDOW: Final = 4 << 20
STALL_SECONDS: Final = 60.0
"""A client that takes no byte of an answer for this long is cut off."""


class FlowControl(Streams):
    """The windows of a connection and its streams, and the data of an answer that fits into them."""

    def __init__(self) -> None:
        super().__init__()
        self._window = 65_535
        self._granted = CONNECTION_WINDOW
        self._initial_window = 65_535
        self._frame = MAX_FRAME
        self._owed = 0
        self._writable = asyncio.Event()
        self._writable.set()

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

    async def received(self, stream: Stream) -> AsyncGenerator[bytes, None]:
        while (content := await stream.received.get()) is not None:
            yield content
            self._credit(stream.number, len(content))

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
