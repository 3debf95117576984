"""gRPC over HTTP/2: framed messages in, framed messages and trailers out; health and errors as clients know them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Final
from urllib.parse import quote

from argosy.machinery.objects import JsonObject
from argosy.server.dispatch import Asked, Dispatcher
from argosy.server.errors import ApiError, Code, invalid, unimplemented
from argosy.server.messages import form_of
from argosy.server.schema.decoding import Undecodable, decode
from argosy.server.schema.encoding import Unencodable, encode
from argosy.server.schema.facts import Method, methods
from argosy.server.transport.http2 import Http2Connection, Stream

MESSAGE_LIMIT: Final = 200 * 1024 * 1024
FIRST: Final = (("content-type", "application/grpc"),)
UNITS: Final = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
HEALTH: Final = "grpc.health.v1.Health"
SERVING: Final = b"\x08\x01"


def framed(message: bytes, flag: int = 0) -> bytes:
    return bytes((flag,)) + len(message).to_bytes(4, "big") + message


def trailers(error: ApiError | None) -> list[tuple[str, str]]:
    if error is None:
        return [("grpc-status", "0")]
    return [
        ("grpc-status", str(int(error.code))),
        ("grpc-message", quote(error.message, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")),
    ]


class Messages:
    """Cuts a stream of bytes into messages. Raises ApiError for what is none."""

    def __init__(self, encoding: str = "") -> None:
        self._encoding = encoding
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        found = []
        while len(self._buffer) >= 5:
            size = int.from_bytes(self._buffer[1:5], "big")
            if size > MESSAGE_LIMIT:
                raise ApiError(
                    Code.RESOURCE_EXHAUSTED, f"a message of {size} bytes is larger than the limit of {MESSAGE_LIMIT}"
                )
            if len(self._buffer) < 5 + size:
                break
            flag, message = self._buffer[0], bytes(self._buffer[5 : 5 + size])
            del self._buffer[: 5 + size]
            if flag > 1:
                raise ApiError(Code.INTERNAL, f"the flag of a message is {flag}; 0 and 1 have a meaning")
            found.append(self._inflated(message) if flag else message)
        return found

    @property
    def is_cut(self) -> bool:
        return bool(self._buffer)

    def _inflated(self, message: bytes) -> bytes:
        if self._encoding != "gzip":
            raise unimplemented(f"compression {self._encoding!r} is not supported; gzip is")
        inflater = zlib.decompressobj(31)
        try:
            found = inflater.decompress(message, MESSAGE_LIMIT)
        except zlib.error:
            raise ApiError(Code.INTERNAL, "a compressed message cannot be read") from None
        if inflater.unconsumed_tail:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "a message is too large")
        return found


def unknown_method(path: str) -> str:
    service, _, name = path.rpartition("/")
    if any(known.startswith(f"{service}/") for known in methods()):
        return f"unknown method {name} for service {service}"
    return f"unknown service {service}"


def decoded(method: Method, message: bytes) -> JsonObject:
    try:
        return decode(method.request, message)
    except Undecodable as error:
        raise ApiError(Code.INTERNAL, f"grpc: error unmarshalling request: {error}") from None


def encoded(method: Method, message: JsonObject) -> bytes:
    try:
        return encode(method.response, message)
    except Unencodable as error:
        raise ApiError(Code.INTERNAL, f"the answer cannot be written: {error}") from None


def on_wire(method: Method, message: JsonObject) -> bytes:
    """One message of a stream."""
    return form_of(message, "protobuf", partial(encoded, method, message))


class Grpc:
    """`handle` is given to every HTTP/2 connection."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def handle(self, connection: Http2Connection, stream: Stream) -> None:
        headers = dict(reversed(stream.headers))
        if not headers.get("content-type", "").startswith("application/grpc"):
            connection.send_headers(stream, [(":status", "415")], last=True)
            return
        path = headers.get(":path", "").lstrip("/")
        seconds = _timeout(headers.get("grpc-timeout", ""))
        try:
            async with asyncio.timeout(seconds):
                if path.startswith(HEALTH):
                    await self._health(connection, stream, path)
                elif (method := methods().get(path)) is None:
                    raise unimplemented(unknown_method(path))
                else:
                    await self._call(connection, stream, method, headers)
        except ApiError as error:
            self._fail(connection, stream, error)
        except TimeoutError:
            self._fail(connection, stream, ApiError(Code.DEADLINE_EXCEEDED, "context deadline exceeded"))

    def _fail(self, connection: Http2Connection, stream: Stream, error: ApiError) -> None:
        connection.send_headers(stream, [(":status", "200"), *FIRST, *trailers(error)], last=True)

    async def _call(self, connection: Http2Connection, stream: Stream, method: Method, headers: dict[str, str]) -> None:
        messages = self._messages(connection, stream, method, headers.get("grpc-encoding", ""))
        async with aclosing(messages):
            first = await anext(messages, None)
            if first is None:
                raise ApiError(Code.INTERNAL, "a request without a message")
            metadata = {name: value for name, value in headers.items() if not name.startswith(":")}
            asked = Asked(method, first, metadata, connection.peer, uploads=messages if method.client_stream else None)
            if method.server_stream:
                await self._stream(connection, stream, method, asked)
            else:
                await self._unary(connection, stream, method, asked)

    async def _unary(self, connection: Http2Connection, stream: Stream, method: Method, asked: Asked) -> None:
        result, call = await self._dispatcher.unary(asked)
        body = framed(encoded(method, result))
        more = [item for item in call.answer_headers if item[0] != "set-cookie"]
        first, last = [(":status", "200"), *FIRST, *more], trailers(None)
        if connection.room(stream, len(body)) and not stream.reset:
            connection.transport.write(
                connection.headers_frame(stream, first)
                + connection.data_frame(stream, body)
                + connection.headers_frame(stream, last, last=True)
            )
            return
        connection.send_headers(stream, first)
        await connection.send_data(stream, body)
        connection.send_headers(stream, last, last=True)

    async def _stream(self, connection: Http2Connection, stream: Stream, method: Method, asked: Asked) -> None:
        started = False
        error: ApiError | None = None
        answers = self._dispatcher.stream(asked)
        async with aclosing(answers):
            try:
                async for message in answers:
                    if not started:
                        connection.send_headers(stream, [(":status", "200"), *FIRST])
                        started = True
                    if message is not None:
                        await connection.send_data(stream, framed(on_wire(method, message)))
            except ApiError as refused:
                error = refused
        head = [] if started else [(":status", "200"), *FIRST]
        connection.send_headers(stream, [*head, *trailers(error)], last=True)

    async def _messages(
        self, connection: Http2Connection, stream: Stream, method: Method, encoding: str
    ) -> AsyncGenerator[JsonObject, None]:
        cutter = Messages(encoding)
        async for data in connection.received(stream):
            for message in cutter.feed(data):
                yield decoded(method, message)
        if cutter.is_cut:
            raise invalid("the last message is cut off")

    async def _health(self, connection: Http2Connection, stream: Stream, path: str) -> None:
        name = path.rpartition("/")[2]
        if name not in ("Check", "Watch"):
            raise unimplemented(f"unknown method {name} for service {HEALTH}")
        connection.send_headers(stream, [(":status", "200"), *FIRST])
        await connection.send_data(stream, framed(SERVING))
        if name == "Watch":
            await asyncio.get_running_loop().create_future()
        connection.send_headers(stream, trailers(None), last=True)


def _timeout(text: str) -> float | None:
    if not text or not text[:-1].isdecimal() or text[-1] not in UNITS or len(text) > 9:
        return None
    return min(int(text[:-1]) * UNITS[text[-1]], 86_400.0 * 365)
