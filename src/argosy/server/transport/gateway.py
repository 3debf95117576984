"""REST: paths and queries and bodies to calls, answers as Go's JSON, streams line by line or as server-sent events."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import orjson

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.objects import JsonObject
from argosy.server.dispatch import Asked, Dispatcher
from argosy.server.errors import HTTP_STATUS, ApiError, invalid
from argosy.server.messages import Burst, Message, each_of, form_of
from argosy.server.schema.facts import Method, message
from argosy.server.schema.go_json import Misshapen, shaped
from argosy.server.transport.fields import SUPPORTED, Selection, selection
from argosy.server.transport.http1 import header_map
from argosy.server.transport.long_lists import ITEMS, is_long, json_pieces
from argosy.server.transport.query import pairs, put, put_all
from argosy.server.transport.routing import BadPath, route

log = logging.getLogger(__name__)
JSON: Final = "application/json"
SSE: Final = "text/event-stream"
TEXT: Final = "text/plain; charset=utf-8"
KEEP_ALIVE_SECONDS: Final = 15.0
PHRASES: Final = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
    409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable", 504: "Gateway Timeout"}  # fmt: skip
Messages = AsyncGenerator[Message | None, None]
DEDUPLICATED: Final = frozenset({"application.ApplicationService/Watch", "applicationset.ApplicationSetService/Watch"})


class Gateway:
    """`set_cookies`: what a token that an answer carries becomes for a browser."""

    def __init__(self, dispatcher: Dispatcher, accepted: frozenset[str] = frozenset({JSON})) -> None:
        self._dispatcher, self._accepted = dispatcher, accepted

    async def handle(self, request: Request, path: str, query: str) -> Response:
        if request.method != "GET" and request.header("content-type") not in self._accepted:
            return Response(415, b"Invalid content type\n", TEXT, [("X-Content-Type-Options", "nosniff")], "")
        try:
            found = route(request.method, path)
        except BadPath as error:
            return error_response(invalid(str(error)))
        if found is None:
            return _no_route(request.method, path)
        method, values = found
        try:
            asked = Asked(method, _request(method, values, query, request.body), _headers(request), request.peer, True)
            if method.server_stream:
                return await self._stream(asked, query, request)
            result, call = await self._dispatcher.unary(asked)
        except ApiError as error:
            return stream_error_response(error) if method.server_stream else error_response(error)
        chosen = _selection(query) if method.full_name in SUPPORTED else None
        cookies = [("Set-Cookie", value) for name, value in call.answer_headers if name == "set-cookie"]
        if is_long(method, result):
            pieces = json_pieces(method, result, chosen, self._dispatcher.give_way)
            return Response(200, pieces, JSON, cookies, "")  # type: ignore[arg-type]
        body = shaped(method.response, result)
        if chosen is not None:
            whole, body = body, chosen.apply(body)
            if method.full_name in ITEMS and chosen.keeps:
                body["metadata"] = whole["metadata"]  # a client that continues with a watch needs its version
        return Response(200, dumps(body), JSON, cookies, "")

    async def _stream(self, asked: Asked, query: str, request: Request) -> Response:
        """The first message is awaited: an error before it is an answer of its own."""
        chosen = _selection(query) if asked.method.full_name in SUPPORTED else None
        events = SSE in request.header("accept")
        messages = self._dispatcher.stream(asked, heartbeat=KEEP_ALIVE_SECONDS if events else 0.0)
        try:
            first = await anext(messages, None)
        except BaseException:
            await messages.aclose()
            raise
        if asked.method.name == "PodLogs" and ("download", "true") in pairs(query):
            return _download(asked, first, messages)
        body = self._lines(asked.method, first, messages, chosen, events)
        return Response(200, body, SSE if events else JSON, [], "")  # type: ignore[arg-type]

    async def _lines(
        self,
        method: Method,
        first: Message | None,
        rest: Messages,
        chosen: Selection | None,
        events: bool,
    ) -> AsyncGenerator[bytes, None]:
        lines = Lines(method, chosen, events=events)
        async with aclosing(rest):
            try:
                async for found in _after(first, rest):
                    if found is not None:
                        yield lines.of(found)
                    elif events:
                        yield b":\n"
            except ApiError as error:
                text = dumps(stream_error(error))
                yield b"data: " + text + b"\n\n\n" if events else text + b"\n"


class Lines:
    """Messages of one stream as its lines. Of those that show some fields, what says nothing new is left out."""

    def __init__(self, method: Method, chosen: Selection | None, *, events: bool) -> None:
        self._method, self._chosen, self._events = method, chosen, events
        self._form = f"{'event' if events else 'json'} {chosen.text if chosen else ''}"
        self._known: dict[str, bytes] | None = {} if chosen and method.full_name in DEDUPLICATED else None
        """The last line of each name. Whole objects are never the same twice: they have another version."""

    def of(self, message: Message) -> bytes:
        """Empty when there is nothing new in it."""
        if self._known is not None:
            return self._new(self._known, message)
        return message.form(self._form, self._line) if isinstance(message, Burst) else self._line(message)

    def _new(self, known: dict[str, bytes], message: Message) -> bytes:
        found = []
        for item in each_of(message):
            name, line = _name_of(item), self._line(item)
            if known.get(name) != line:
                known[name] = line
                found.append(line)
        return found[0] if len(found) == 1 else b"".join(found)

    def _line(self, item: JsonObject) -> bytes:
        return form_of(item, self._form, partial(self._written, item))

    def _written(self, item: JsonObject) -> bytes:
        """Empty for what is not what its kind says: one must not end the stream of all others."""
        try:
            body: Any = {"result": shaped(self._method.response, item)}
        except Misshapen as error:
            log.warning("%s is left out of a stream: %s", _name_of(item), error)
            return b""
        text = dumps(self._chosen.apply(body) if self._chosen is not None else body)
        return b"data: " + text + b"\n\n\n" if self._events else text + b"\n"


async def _after(first: Message | None, rest: Messages) -> Messages:
    yield first
    async for found in rest:
        yield found


def dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def error_response(error: ApiError) -> Response:
    body = {"error": error.message, "code": int(error.code), "message": error.message}
    return Response(error.http_status, dumps(body), JSON, [], "")


def stream_error(error: ApiError) -> JsonObject:
    code = HTTP_STATUS[error.code]
    body = {
        "grpc_code": int(error.code),
        "http_code": code,
        "message": error.message,
        "http_status": PHRASES.get(code, ""),
    }
    return {"error": body}


def stream_error_response(error: ApiError) -> Response:
    return Response(error.http_status, dumps(stream_error(error)), JSON, [], "")


def _no_route(verb: str, path: str) -> Response:
    try:
        other = any(route(item, path) is not None for item in ("GET", "POST", "PUT", "PATCH", "DELETE") if item != verb)
    except BadPath:
        other = False
    if other:
        return Response(501, b"Method Not Allowed\n", TEXT, [("X-Content-Type-Options", "nosniff")], "")
    return Response(404, b"Not Found\n", TEXT, [("X-Content-Type-Options", "nosniff")], "")


def _request(method: Method, values: dict[str, str], query: str, body: bytes) -> JsonObject:
    request: JsonObject = {}
    if method.body:
        parsed = _parsed(body)
        if method.body == "*":
            request = _read(method.request, parsed if parsed is not None else {})
        elif parsed is not None:
            field = message(method.request).field(method.body)
            assert field is not None
            request[field.json] = parsed if field.type == "string" else _read(field.type, parsed)
            if field.type == "string" and not isinstance(parsed, str):
                raise invalid(f"{method.body}: a string is expected")
    for name, value in values.items():
        if not (method.body and _is_set(request, name)):
            put(request, method.request, name, value)
    if method.body != "*":
        skip = frozenset((*values, *((method.body,) if method.body else ())))
        put_all(request, method.request, pairs(query), skip=skip)
    for field in message(method.request).fields:
        if field.required and field.json not in request:
            raise invalid(f"{field.name}: is required")
    return request


def _is_set(request: JsonObject, name: str) -> bool:
    """Whether the body says it itself: then that counts, as upstream, and is checked like any other."""
    found: Any = request
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return bool(found) and "." in name


def _parsed(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"the body is not JSON: {error}") from None


def _read(kind: str, value: Any) -> JsonObject:
    """Values of wrong types are reported with their path; fields that the message does not have are ignored."""
    if not isinstance(value, dict):
        raise invalid(f"the body: an object is expected, not {type(value).__name__}")
    try:
        shaped(kind, value)
    except Misshapen as error:
        raise invalid(str(error)) from None
    except RecursionError:
        raise invalid("the body is nested too deeply") from None
    known = {field.json for field in message(kind).fields}
    return {name: item for name, item in value.items() if item is not None and (name in known or kind.startswith("v1"))}


def _headers(request: Request) -> dict[str, str]:
    """Those with the gateway's prefix are metadata by their own name."""
    found = header_map(request)
    for name in [name for name in found if name.startswith("grpc-metadata-")]:
        found.setdefault(name.removeprefix("grpc-metadata-"), found[name])
    return found


def _selection(query: str) -> Selection | None:
    words = [value for name, value in pairs(query) if name == "fields"]
    return selection(words[-1]) if words else None


def _name_of(found: JsonObject) -> str:
    inner = found.get("application") or found.get("applicationSet") or {}
    metadata = inner.get("metadata") or {}
    return f"{metadata.get('namespace')}/{metadata.get('name')}"


def _download(asked: Asked, first: Message | None, rest: Messages) -> Response:
    names = (asked.request.get(key) or "" for key in ("namespace", "podName", "container"))
    name = "-".join(names).replace('"', "").replace("\r", "").replace("\n", "")
    headers = [("Content-Disposition", f'attachment;filename="{name}.log"')]

    async def lines() -> AsyncGenerator[bytes, None]:
        async with aclosing(rest):
            async for found in _after(first, rest):
                for line in each_of(found) if found is not None else ():
                    if found is first or not line.get("last"):
                        yield f"{line.get('content') or ''}\n".encode()

    return Response(200, lines(), "application/octet-stream", headers, "")  # type: ignore[arg-type]
