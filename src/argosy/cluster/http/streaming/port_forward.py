"""`pods/portforward`: connections to a Pod's ports, each a pair of streams (data, error) or of channels."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from argosy.cluster.http.streaming.raw import ByteStream
from argosy.cluster.http.streaming.spdy import SpdySession, SpdyStream
from argosy.cluster.http.streaming.websocket import WebSocket

TUNNEL, CHANNELS, SPDY = "SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io", "portforward.k8s.io"

Serve = Callable[[int, ByteStream], Awaitable[str]]
"""Serves one connection to a port until the client closes it; returns an error message, or nothing."""


async def over_spdy(stream: ByteStream, serve: Serve) -> None:
    session = SpdySession(stream)
    errors: dict[str, SpdyStream] = {}
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(session.run())
        while (opened := await session.accept()) is not None:
            request = opened.headers.get("requestid", "")
            if opened.headers.get("streamtype") == "error":
                errors[request] = opened
            else:
                tasks.create_task(_serve(session, opened, errors.pop(request, None), serve))


async def _serve(session: SpdySession, data: SpdyStream, error: SpdyStream | None, serve: Serve) -> None:
    port = data.headers.get("port", "")
    try:
        wrong = await serve(int(port), data) if port.isdigit() else f"{port!r} is not a port"
        if wrong and error is not None:
            await error.write(wrong.encode())
        for stream in (error, data):
            if stream is not None:
                await stream.finish()
                session.forget(stream)
    except ConnectionError:
        return


async def over_websocket(stream: ByteStream, ports: Sequence[int], serve: Serve) -> None:
    """Two channels for each port: the first message on each says which port it is for."""
    socket = WebSocket(stream)
    channels = [_Channel(socket, 2 * index) for index in range(len(ports))]
    async with asyncio.TaskGroup() as tasks:
        for index, port in enumerate(ports):
            for channel in (2 * index, 2 * index + 1):
                await socket.send(bytes([channel]) + port.to_bytes(2, "little"))
            tasks.create_task(_serve_channel(socket, channels[index], 2 * index + 1, port, serve))
        while (message := await socket.receive()) is not None:
            if message and message[0] % 2 == 0 and message[0] // 2 < len(channels):
                channels[message[0] // 2].feed(message[1:])
        for channel_ in channels:
            channel_.feed_end()


async def _serve_channel(socket: WebSocket, data: _Channel, error: int, port: int, serve: Serve) -> None:
    try:
        if wrong := await serve(port, data):
            await socket.send(bytes([error]) + wrong.encode())
    except ConnectionError:
        return


class _Channel:
    def __init__(self, socket: WebSocket, number: int) -> None:
        self._socket, self._number = socket, number
        self._input: list[bytes] = []
        self._ended = False
        self._arrived = asyncio.Event()

    def feed(self, data: bytes) -> None:
        if data:
            self._input.append(data)
        self._arrived.set()

    def feed_end(self) -> None:
        self._ended = True
        self._arrived.set()

    async def read(self) -> bytes:
        while not self._input:
            if self._ended:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        found, self._input = b"".join(self._input), []
        return found

    async def write(self, data: bytes) -> None:
        await self._socket.send(bytes([self._number]) + data)
