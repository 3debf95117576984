"""Limits for requests to the API's port, from any sender and over any number of connections."""

from __future__ import annotations

import asyncio
import errno
import gzip
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hpack import Encoder

from argosy.server.transport import http2
from argosy.server.transport.http2_flow_control import STALL_SECONDS
from argosy.server.transport.http2_frames import (
    CALM,
    CONTINUATION,
    DATA,
    FLOW_CONTROL_ERROR,
    GOAWAY,
    HEADERS,
    PREFACE,
    SETTINGS,
    frame,
)
from argosy.server.transport.http2_streams import FLOOD, WINDOW
from argosy.server.transport.intake import HELD, STRANGER_BODY, STRANGER_MESSAGE, Intake
from argosy.server.transport.listener import Listener
from tests.kit.argocd_server import Api, argocd_server

VERSION = "/version.VersionService/Version"
UNREAD = "/grpc.health.v1.Health/Watch"
"""Nobody reads what its stream sends."""


class Client:
    """Frames by hand: what no library would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._encoder = Encoder()

    def send(self, *frames: bytes) -> None:
        self.writer.write(b"".join(frames))

    def open(
        self, number: int, *, token: str = "", last: bool = True, encoding: str = "", path: str = VERSION
    ) -> bytes:
        headers = [
            (":method", "POST"), (":path", path), (":scheme", "http"), ("content-type", "application/grpc"),
            *([("token", token)] if token else []), *([("grpc-encoding", encoding)] if encoding else []),
        ]  # fmt: skip
        return frame(HEADERS, 0x4 if last else 0, number, self._encoder.encode(headers))

    async def frames(self) -> AsyncIterator[tuple[int, int, bytes]]:
        while True:
            try:
                head = await self.reader.readexactly(9)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            size = int.from_bytes(head[:3], "big")
            yield head[3], int.from_bytes(head[5:], "big"), await self.reader.readexactly(size)

    async def sent_away(self) -> int:
        """The code of the answer."""
        async for kind, _, payload in self.frames():
            if kind == GOAWAY:
                return int(struct.unpack(">LL", payload[:8])[1])
        raise AssertionError("the connection ended without a word")

    async def status(self, number: int) -> str:
        """The gRPC status of a stream's end."""
        from hpack import Decoder

        decoder = Decoder()
        async for kind, stream, payload in self.frames():
            found = dict(decoder.decode(payload, raw=True)) if kind == HEADERS else {}
            if stream == number and b"grpc-status" in found:
                return found[b"grpc-status"].decode()
        raise AssertionError("no answer")


@asynccontextmanager
async def client(api: Api) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.listener.port)
    try:
        made = Client(reader, writer)
        made.send(PREFACE, frame(SETTINGS, 0, 0, b""))
        yield made
    finally:
        writer.close()


def _data(number: int, content: bytes, *, last: bool = False) -> bytes:
    pieces = [content[at : at + 16_384] for at in range(0, len(content), 16_384)] or [b""]
    return b"".join(
        frame(DATA, 0x1 if last and at == len(pieces) - 1 else 0, number, piece) for at, piece in enumerate(pieces)
    )


def _message(size: int) -> bytes:
    return b"\0" + size.to_bytes(4, "big") + bytes(size)


def test_who_floods_a_connection_is_sent_away(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(60):
            async with client(api) as one:
                one.send(one.open(1, path=UNREAD), _data(1, bytes(WINDOW + 1)))
                assert await one.sent_away() == FLOW_CONTROL_ERROR
            async with client(api) as one:
                one.send(one.open(1), _data(1, b"\0\0"), _data(1, b"") * (FLOOD + 1))
                assert await one.sent_away() == CALM
            async with client(api) as one:
                one.send(one.open(1, last=False), frame(CONTINUATION, 0, 1, b"") * (FLOOD + 1))
                assert await one.sent_away() == CALM
            async with client(api) as one:
                one.send(one.open(1), _data(1, _message(0), last=True))
                assert await one.status(1) == "0"

    asyncio.run(scenario())


def test_a_strangers_message_is_small_and_a_callers_may_be_large(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(60):
            head = b"\0" + (STRANGER_MESSAGE + 1).to_bytes(4, "big")
            bomb = gzip.compress(bytes(STRANGER_MESSAGE + 1))
            async with client(api) as one:
                one.send(one.open(1), _data(1, head))
                assert await one.status(1) == "8"
                one.send(one.open(3, encoding="gzip"), _data(3, b"\1" + len(bomb).to_bytes(4, "big") + bomb))
                assert await one.status(3) == "8"
                one.send(one.open(5, token=api.token), _data(5, head, last=True))
                assert await one.status(5) == "3"  # too short, not too large
            body = b"\1" + len(bomb).to_bytes(4, "big") + bomb
            headers = {"Content-Type": "application/grpc-web+proto", "grpc-encoding": "gzip"}
            reader, writer = await asyncio.open_connection("127.0.0.1", api.server.listener.port)
            head_lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            writer.write(
                f"POST {VERSION} HTTP/1.1\r\nHost: x\r\n{head_lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
            )
            assert b"grpc-status: 8" in (await reader.readuntil(b"\r\n\r\n")).lower()
            writer.close()

    asyncio.run(scenario())


async def _sends(api: Api, size: int, token: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A POST whose body stays unfinished."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.listener.port)
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    writer.write(
        f"POST /api/webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{bearer}"
        f"Content-Length: {size + 1}\r\n\r\n".encode()
        + bytes(size)
    )
    return reader, writer


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110  # what is waited for is the kernel's
        await asyncio.sleep(0.01)  # noqa: TID251  # of a real server


def test_bodies_of_strangers_share_one_limit_and_callers_are_not_counted(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(60):
            intake = api.server.listener.host.intake
            assert intake.take(HELD - 2 * STRANGER_BODY)
            first = await _sends(api, 2 * STRANGER_BODY)
            await _until(lambda: intake.held > HELD - 2 * STRANGER_BODY)
            refused = await _sends(api, 4 * STRANGER_BODY)
            assert b" 503 " in await refused[0].readline()
            known = await _sends(api, 4 * STRANGER_BODY, api.token)
            known[1].write(b"x")
            assert b" 503 " not in await known[0].readline()
            for _, writer in (first, refused, known):
                writer.close()
            await _until(lambda: intake.held == HELD - 2 * STRANGER_BODY)

    asyncio.run(scenario())


def test_what_is_given_back_may_be_taken_again() -> None:
    intake = Intake(10)
    assert intake.take(10)
    assert not intake.take(1)
    intake.give(10)
    assert intake.take(1)


def test_without_a_descriptor_left_the_port_waits_a_second_and_logs_it_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        host: Any = SimpleNamespace(run=lambda work: work.close())
        listener = Listener(host, lambda: None)
        listener.listen("127.0.0.1", 0, None)
        asked = 0

        def accept(_socket: Any) -> Any:
            nonlocal asked
            asked += 1
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr("socket.socket.accept", accept)
        _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
        await _until(lambda: asked > 0)
        for _ in range(50):
            await asyncio.sleep(0)  # noqa: TID251  # so many turns in which it could be asked for again
        assert asked == 1
        listener.close()
        writer.close()

    asyncio.run(scenario())
    assert [record.levelname for record in caplog.records if "accepted" in record.message] == ["ERROR"]


def test_a_connection_that_idles_or_does_not_read_is_ended() -> None:
    async def scenario() -> None:
        host: Any = SimpleNamespace(http2_connections=set(), draining=False, run=None)
        made = http2.Http2Connection(host, None)  # type: ignore[arg-type]
        now = made.progress
        assert not made.is_idle(now + http2.IDLE_SECONDS - 1)
        assert made.is_idle(now + http2.IDLE_SECONDS + 1)
        assert not made.is_stuck(now + 10 * http2.IDLE_SECONDS)
        made.pause_writing()
        assert made.is_stuck(asyncio.get_running_loop().time() + STALL_SECONDS + 1)
        made.resume_writing()
        assert not made.is_stuck(asyncio.get_running_loop().time() + STALL_SECONDS + 1)

    asyncio.run(scenario())
