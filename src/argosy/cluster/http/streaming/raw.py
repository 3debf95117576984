"""A connection as two directions of bytes, once it has left HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

BACKLOG = 1 << 20
"""Bytes that may wait to be read; beyond that the client is paused."""


class ByteStream(Protocol):
    async def read(self) -> bytes:
        """Some bytes; empty at the end."""
        ...

    async def write(self, data: bytes) -> None: ...


class RawStream:
    """`feed` and `feed_end` are called by the connection."""

    def __init__(
        self,
        transport: asyncio.Transport,
        drained: Callable[[], asyncio.Event],
    ) -> None:
        self._transport, self._drained = transport, drained
        self._chunks: list[bytes] = []
        self._size = 0
        self._ended = False
        self._paused = False
        self._arrived = asyncio.Event()

    def feed(self, data: bytes) -> None:
        if not data:
            return  # only the end is empty
        self._chunks.append(data)
        self._size += len(data)
        self._arrived.set()
        if self._size > BACKLOG and not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def feed_end(self) -> None:
        self._ended = True
        self._arrived.set()

    async def read(self) -> bytes:
        while not self._chunks:
            if self._ended:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = b"".join(self._chunks)
        self._chunks, self._size = [], 0
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Raises ConnectionError when the client has disconnected."""
        if self._transport.is_closing():
            raise ConnectionError
        self._transport.write(data)
        await self._drained().wait()


class Reader:
    """Reads exact numbers of bytes of a stream."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._buffer = b""

    async def exactly(self, count: int) -> bytes:
        """Raises EOFError when the stream ends early."""
        while len(self._buffer) < count:
            more = await self._stream.read()
            if not more:
                raise EOFError
            self._buffer += more
        found, self._buffer = self._buffer[:count], self._buffer[count:]
        return found
