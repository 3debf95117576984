"""`pods/exec` and `pods/attach`: channels of a web socket (v5, v4.channel.k8s.io) or streams of SPDY.

Channels: 0 stdin, 1 stdout, 2 stderr, 3 the end as a Status, 4 the terminal's size; 255 closes one (v5 only).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson

from argosy.cluster.http.streaming.raw import ByteStream
from argosy.cluster.http.streaming.spdy import SpdySession, SpdyStream
from argosy.cluster.http.streaming.websocket import WebSocket
from argosy.machinery.objects import JsonObject

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
STDIN_LIMIT = 32 << 20
"""Bytes of input that may wait for a command."""


class Console(Protocol):
    """The input and output streams of a command."""

    async def read(self) -> bytes:
        """Some input; empty at its end, or when there is none."""
        ...

    async def write(self, data: bytes, *, error: bool = False) -> None: ...


Run = Callable[[Console], Awaitable[int]]
"""Returns the exit code."""


class FedConsole:
    """Input of a command, fed as it arrives."""

    def __init__(self, write: Callable[[int, bytes], Awaitable[None]], *, tty: bool) -> None:
        self._write, self._tty = write, tty
        self._input: list[bytes] = []
        self._size = 0
        self._ended = False
        self._arrived = asyncio.Event()

    def feed(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > STDIN_LIMIT:
            self._ended = True
        elif data:
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
        found, self._input, self._size = b"".join(self._input), [], 0
        return found

    async def write(self, data: bytes, *, error: bool = False) -> None:
        if data:
            data = data.replace(b"\n", b"\r\n") if self._tty else data
            await self._write(STDERR if error and not self._tty else STDOUT, data)


def status_of(code: int) -> JsonObject:
    """The result of the command, in the form that clients read."""
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "reason": "NonZeroExitCode",
        "message": f"command terminated with non-zero exit code: exit status {code}",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


async def over_websocket(stream: ByteStream, run: Run, *, stdin: bool, tty: bool, protocol: str) -> None:
    socket = WebSocket(stream)

    async def write(channel: int, data: bytes) -> None:
        for start in range(0, len(data), 32768):
            await socket.send(bytes([channel]) + data[start : start + 32768])

    console = FedConsole(write, tty=tty)

    async def receive() -> None:
        while (message := await socket.receive()) is not None:
            if message[:1] == bytes([STDIN]):
                console.feed(message[1:])
            elif message[:1] == bytes([CLOSE]) and message[1:2] == bytes([STDIN]):
                console.feed_end()
        console.feed_end()

    if not stdin:
        console.feed_end()
    for channel in (STDIN, STDOUT, STDERR):
        if protocol != PROTOCOLS[0]:
            await socket.send(bytes([channel]))  # older clients expect an empty message on each channel
    async with asyncio.TaskGroup() as tasks:
        receiving = tasks.create_task(receive())
        code = await run(console)
        await write(ERROR, orjson.dumps(status_of(code)))
        await socket.close()
        receiving.cancel()


async def over_spdy(stream: ByteStream, run: Run, *, wanted: frozenset[str], tty: bool) -> None:
    """`wanted`: the types of streams that the request announced, `error` among them."""
    session = SpdySession(stream)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(session.run())
        found: dict[str, SpdyStream] = {}
        while not wanted <= found.keys():
            opened = await session.accept()
            if opened is None:
                return
            found[opened.headers.get("streamtype", "")] = opened

        async def write(channel: int, data: bytes) -> None:
            if (output := found.get("stdout" if channel == STDOUT else "stderr")) is not None:
                await output.write(data)

        console = FedConsole(write, tty=tty)
        feeding = tasks.create_task(_feed(console, found.get("stdin")))
        code = await run(console)
        await found["error"].write(orjson.dumps(status_of(code)))
        for opened in found.values():
            await opened.finish()
        feeding.cancel()
        reading.cancel()


async def _feed(console: FedConsole, stdin: SpdyStream | None) -> None:
    while stdin is not None and (data := await stdin.read()):
        console.feed(data)
    console.feed_end()
