"""gRPC-web, as browsers and `--grpc-web` speak it: one message in, frames out, errors in the headers of the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.objects import JsonObject
from argosy.server.dispatch import Asked, Dispatcher
from argosy.server.errors import ApiError, unimplemented, unknown
from argosy.server.messages import Message
from argosy.server.schema.facts import Method, methods
from argosy.server.transport.grpc import (
    MESSAGE_LIMIT,
    Messages,
    cut,
    encoded,
    framed,
    on_wire,
    read_message,
    unknown_method,
)
from argosy.server.transport.http1 import header_map
from argosy.server.transport.intake import STRANGER_MESSAGE

CONTENT_TYPE: Final = "application/grpc-web+proto"
EXPOSED: Final = (
    ("Access-Control-Expose-Headers", "Vary, Date, Content-Type, grpc-status, grpc-message"),
    ("Vary", "Origin"),
)
ENDED: Final = framed(b"grpc-status: 0\r\n", 0x80)


class GrpcWeb:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def handle(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except ApiError as error:
            return refusal(error)

    async def _handle(self, request: Request) -> Response:
        path = urlsplit(request.target).path
        full = "/".join(path.rsplit("/", 2)[-2:])
        method = methods().get(full)
        if method is None or request.method != "POST":
            raise unimplemented(unknown_method(full))
        headers = header_map(request)
        limit = MESSAGE_LIMIT if await self._dispatcher.knows(headers) else STRANGER_MESSAGE
        found = await cut(Messages(headers.get("grpc-encoding", ""), limit), request.body)
        if not found:
            raise unknown("EOF")
        asked = Asked(method, await read_message(method, found[0]), headers, request.peer, uploads=_no_more())
        if method.server_stream:
            return await self._stream(method, asked)
        result, call = await self._dispatcher.unary(asked)
        more = [item for item in call.answer_headers if item[0] != "set-cookie"]
        return answered(_chunks(framed(await encoded(method, result, self._dispatcher))), more)

    async def _stream(self, method: Method, asked: Asked) -> Response:
        """The first message is awaited: an error before it must be in the headers."""
        messages = self._dispatcher.stream(asked)
        try:
            first = await anext(messages, None)
        except BaseException:
            await messages.aclose()
            raise
        return answered(_frames(method, first, messages), [])


def refusal(error: ApiError) -> Response:
    message = error.message.replace("\r", " ").replace("\n", " ")
    headers = [*EXPOSED, ("Grpc-Status", str(int(error.code))), ("Grpc-Message", message.encode().decode("latin-1"))]
    return Response(200, b"", CONTENT_TYPE, headers, "")


def answered(body: AsyncGenerator[bytes, None], more: list[tuple[str, str]]) -> Response:
    return Response(200, body, CONTENT_TYPE, [*EXPOSED, *more], "")  # type: ignore[arg-type]


async def _chunks(message: bytes) -> AsyncGenerator[bytes, None]:
    yield message + ENDED


async def _frames(
    method: Method, first: Message | None, rest: AsyncGenerator[Message | None, None]
) -> AsyncGenerator[bytes, None]:
    """An error after the first message is sent in the trailer: the headers were sent already."""
    async with aclosing(rest):
        try:
            if first is not None:
                yield on_wire(method, first)
                async for message in rest:
                    if message is not None:
                        yield on_wire(method, message)
        except ApiError as error:
            text = error.message.replace("\r", " ").replace("\n", " ")
            yield framed(f"grpc-status: {int(error.code)}\r\ngrpc-message: {text}\r\n".encode(), 0x80)
            return
    yield ENDED


async def _no_more() -> AsyncGenerator[JsonObject, None]:
    nothing: tuple[JsonObject, ...] = ()
    for item in nothing:
        yield item
