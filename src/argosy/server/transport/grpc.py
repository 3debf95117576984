"""gRPC over HTTP/2: framed messages in, framed messages and trailers out; health and errors as clients know them."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Final
from urllib.parse import quote

from argosy.machinery.objects import JsonObject
from argosy.server.dispatch import Asked, Dispatcher
from argosy.server.errors import ApiError, Code, invalid, unimplemented
from argosy.server.messages import Burst, Message, form_of
from argosy.server.schema.decoding import Undecodable, decode
from argosy.server.schema.encoding import Unencodable, encode
from argosy.server.schema.facts import Method, methods
from argosy.server.transport.http2 import Http2Connection
from argosy.server.transport.http2_streams import Stream
from argosy.server.transport.intake import STRANGER_BODY, STRANGER_MESSAGE, Intake
from argosy.server.transport.long_lists import is_long, protobuf

log = logging.getLogger(__name__)
MESSAGE_LIMIT: Final = 200 * 1024 * 1024
LARGE: Final = 256 * 1024
"""Bytes from which a message is not read on the loop."""
INFLATED: Final = 64
"""Times as large as it came: what is compressed is counted so."""
FIRST_SECONDS: Final = 60.0
"""A call's first message must be there this long after its headers."""
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
    """Cuts a stream of bytes into messages of at most `limit`. Raises ApiError for what is none."""

    def __init__(self, encoding: str = "", limit: int = MESSAGE_LIMIT) -> None:
        self._encoding, self.limit = encoding, limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        found = []
        while len(self._buffer) >= 5:
            size = int.from_bytes(self._buffer[1:5], "big")
            if size > self.limit:
                raise ApiError(
                    Code.RESOURCE_EXHAUSTED, f"a message of {size} bytes is larger than the limit of {self.limit}"
                )
            if len(self._buffer) < 5 + size:
                break
            flag, message = self._buffer[0], bytes(self._buffer[5 : 5 + size])
            del self._buffer[: 5 + size]
            if flag > 1:
                raise ApiError(Code.INTERNAL, f"the flag of a message is {flag}; 0 and 1 have a meaning")
            found.append(self._inflated(message) if flag else message)
        return found

    def exceeds(self, data: bytes) -> bool:
        """Whether what comes next may be more than the limit: its length says so, or it is compressed."""
        if self._encoding:
            return True
        head = bytes(self._buffer[:5]) + data[:5]
        return len(head) >= 5 and int.from_bytes(head[1:5], "big") > self.limit

    def is_short(self, data: bytes) -> bool:
        """Whether so much more is cut, and inflated, in no time."""
        return len(self._buffer) + len(data) < (LARGE // INFLATED if self._encoding else LARGE)

    @property
    def is_cut(self) -> bool:
        return bool(self._buffer)

    def _inflated(self, message: bytes) -> bytes:
        if self._encoding != "gzip":
            raise unimplemented(f"compression {self._encoding!r} is not supported; gzip is")
        inflater = zlib.decompressobj(31)
        try:
            found = inflater.decompress(message, self.limit)
        except zlib.error:
            raise ApiError(Code.INTERNAL, "a compressed message cannot be read") from None
        if inflater.unconsumed_tail:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "a message is too large")
        return found


async def cut(cutter: Messages, data: bytes) -> list[bytes]:
    """The complete messages so far. Raises ApiError."""
    return cutter.feed(data) if cutter.is_short(data) else await asyncio.to_thread(cutter.feed, data)


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


async def read_message(method: Method, message: bytes) -> JsonObject:
    """A large one is parsed in a thread, so that the loop can serve others."""
    if len(message) < LARGE:
        return decoded(method, message)
    return await asyncio.to_thread(decoded, method, message)


async def encoded(method: Method, message: JsonObject, dispatcher: Dispatcher) -> bytes:
    """An answer; a long one in pieces."""
    if is_long(method, message):
        return await protobuf(method, message, dispatcher.give_way)
    return _encoded(method, message)


def _encoded(method: Method, message: JsonObject) -> bytes:
    try:
        return encode(method.response, message)
    except Unencodable as error:
        raise ApiError(Code.INTERNAL, f"the answer cannot be written: {error}") from None


def on_wire(method: Method, message: Message) -> bytes:
    """What a stream sends at one time, framed. Raises ApiError; of many, those that cannot be written are left out."""
    if isinstance(message, Burst):
        return message.form("gRPC", partial(_framed_or_left_out, method))
    return _framed(method, message)


def _framed(method: Method, message: JsonObject) -> bytes:
    return form_of(message, "gRPC", lambda: framed(_encoded(method, message)))


def _framed_or_left_out(method: Method, message: JsonObject) -> bytes:
    try:
        return _framed(method, message)
    except ApiError as error:
        log.warning("a message is left out of a stream of %s: %s", method.full_name, error.message)
        return b""


class Grpc:
    """`handle` is given to every HTTP/2 connection."""

    def __init__(self, dispatcher: Dispatcher, intake: Intake) -> None:
        self._dispatcher, self._intake = dispatcher, intake

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
        messages = self._messages(connection, stream, method, headers)
        async with aclosing(messages):
            async with asyncio.timeout(FIRST_SECONDS):
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
        body = framed(await encoded(method, result, self._dispatcher))
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
                        await connection.send_data(stream, on_wire(method, message))
            except ApiError as refused:
                error = refused
        head = [] if started else [(":status", "200"), *FIRST]
        connection.send_headers(stream, [*head, *trailers(error)], last=True)

    async def _messages(
        self, connection: Http2Connection, stream: Stream, method: Method, headers: dict[str, str]
    ) -> AsyncGenerator[JsonObject, None]:
        """Those of a stranger are small, and all strangers' together are no more than there is room for.

        Who sends little is asked by the call itself alone.
        """
        cutter = Messages(headers.get("grpc-encoding", ""), STRANGER_MESSAGE)
        came, taken, is_known = 0, 0, False
        is_asked = False
        async with aclosing(connection.received(stream)) as received:
            try:
                async for data in received:
                    came += len(data)
                    if not is_asked and (came > STRANGER_BODY or method.client_stream or cutter.exceeds(data)):
                        is_asked, is_known = True, await self._dispatcher.knows(headers)
                        cutter.limit = MESSAGE_LIMIT if is_known else STRANGER_MESSAGE
                    if not is_known and came > STRANGER_BODY:
                        if not self._intake.take(len(data)):
                            raise ApiError(Code.RESOURCE_EXHAUSTED, "too much is being sent at once, try again later")
                        taken += len(data)
                    for message in await cut(cutter, data):
                        yield await read_message(method, message)
            finally:
                self._intake.give(taken)
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
