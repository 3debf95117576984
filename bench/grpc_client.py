"""Unary calls over native gRPC, many on each connection: no more of HTTP/2 (RFC 9113) than a benchmark needs."""

from __future__ import annotations

import asyncio
from typing import Final, Self
from urllib.parse import urlsplit

from hpack import Decoder, Encoder

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
WINDOW: Final = (1 << 31) - 1 - 65_535


class GrpcConnection:
    """`async with GrpcConnection(url, token) as connection: await connection.call(path, message)`."""

    def __init__(self, url: str, token: str) -> None:
        self._host, self._token = urlsplit(url).netloc, token
        self._encoder, self._decoder = Encoder(), Decoder()
        self._next = 1
        self._waiting: dict[int, asyncio.Future[str]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Self:
        host, _, port = self._host.partition(":")
        reader, self._writer = await asyncio.open_connection(host, int(port))
        self._writer.write(PREFACE + _frame(SETTINGS, 0, 0, b""))
        self._writer.write(_frame(WINDOW_UPDATE, 0, 0, WINDOW.to_bytes(4, "big")))
        self._reading = asyncio.get_running_loop().create_task(self._read(reader))
        return self

    async def __aexit__(self, *failure: object) -> None:
        assert self._reading is not None
        self._reading.cancel()
        self._writer.close()

    async def call(self, path: str, message: bytes) -> str:
        """The `grpc-status`."""
        number, self._next = self._next, self._next + 2
        headers = self._encoder.encode(
            [
                (":method", "POST"),
                (":scheme", "http"),
                (":path", path),
                (":authority", self._host),
                ("content-type", "application/grpc"),
                ("te", "trailers"),
                ("token", self._token),
            ]
        )
        body = b"\0" + len(message).to_bytes(4, "big") + message
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[number] = ended
        self._writer.write(_frame(HEADERS, END_HEADERS, number, headers) + _frame(DATA, END_STREAM, number, body))
        return await ended

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            head = await reader.readexactly(9)
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            number = int.from_bytes(head[5:], "big")
            payload = await reader.readexactly(length)
            if kind == HEADERS:
                told = {str(name): str(value) for name, value in self._decoder.decode(payload)}
                if flags & END_STREAM and (ended := self._waiting.pop(number, None)) is not None:
                    ended.set_result(told.get("grpc-status", "?"))
            elif kind == SETTINGS and not flags & ACK:
                self._writer.write(_frame(SETTINGS, ACK, 0, b""))
            elif kind == PING and not flags & ACK:
                self._writer.write(_frame(PING, ACK, 0, payload))
            elif kind == GOAWAY:
                raise ConnectionError("the server ends the connection")


def _frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big") + payload
