"""A small HTTP/1.1 server on a stream of bytes, for port-forward and for simulated Prometheus on a port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import httptools

from argosy.cluster.http.routing import split_target
from argosy.cluster.http.streaming.raw import ByteStream
from argosy.cluster.ports import ProxyRequest, ProxyResponse

BODY_LIMIT = 8 << 20
PIECE = 64 << 10
"""Bytes of a response sent at a time, so that other work gets its turn and no message is large."""
Answer = Callable[[ProxyRequest], Awaitable[ProxyResponse]]
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class _Requests:
    """Collects complete requests for httptools."""

    def __init__(self) -> None:
        self.ready: list[tuple[ProxyRequest, bool]] = []
        self.parser = httptools.HttpRequestParser(self)
        self._reset()

    def _reset(self) -> None:
        self._target, self._size = b"", 0
        self._body: list[bytes] = []
        self._headers: dict[str, str] = {}

    def on_message_begin(self) -> None:
        self._reset()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= BODY_LIMIT:
            self._body.append(body)

    def on_message_complete(self) -> None:
        path, query = split_target(self._target.decode("latin-1"))
        request = ProxyRequest(
            method=self.parser.get_method().decode("latin-1"),
            path=path,
            query=query,
            headers=self._headers,
            body=b"".join(self._body),
        )
        self.ready.append((request, self.parser.should_keep_alive()))


async def respond(stream: ByteStream, answer: Answer) -> None:
    """Serves until the client closes, sends its last request, or speaks another protocol."""
    requests = _Requests()
    while data := await stream.read():
        try:
            requests.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass
        except httptools.HttpParserError:
            await stream.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        ready, requests.ready = requests.ready, []
        for request, goes_on in ready:
            said = _written(request, await answer(request), goes_on=goes_on)
            for start in range(0, len(said), PIECE):
                await stream.write(said[start : start + PIECE])
            if not goes_on:
                return


def _written(request: ProxyRequest, answer: ProxyResponse, *, goes_on: bool) -> bytes:
    phrase = _PHRASES.get(answer.status, "")
    head = [f"HTTP/1.1 {answer.status} {phrase}", f"Content-Length: {len(answer.body)}"]
    head += [f"Content-Type: {answer.content_type}"] if answer.body else []
    head += [] if goes_on else ["Connection: close"]
    body = b"" if request.method == "HEAD" else answer.body
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


class _Sockets:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def read(self) -> bytes:
        return await self._reader.read(65536)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


@asynccontextmanager
async def serve_plainly(answer: Answer, host: str, port: int) -> AsyncIterator[None]:
    """Listens on a loopback port, for clients on this machine; stops with the block."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await respond(_Sockets(reader, writer), answer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, host, port)
    try:
        yield
    finally:
        server.close()
