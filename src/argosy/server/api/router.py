"""From a request to the answer of an endpoint: authentication, authorisation, parameters, body, audit.

Errors are JSON: `{"error": {"code", "message"}}`, with the corresponding status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import orjson

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery.objects import JsonObject
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.live.stream import Events
from argosy.server.api.schema.openapi import document
from argosy.server.api.schema.shapes import Schema, Unfit, fit
from argosy.server.calls import Call, Need
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError, Code, invalid, not_found
from argosy.server.transport.front import Page
from argosy.server.transport.http1 import header_map

JSON: Final = "application/json"
STREAMS: Final = "/stream/"
EVENTS: Final = "text/event-stream"
MOST_VALUES: Final = 200
"""Parameters of one query."""
_NAME: Final = re.compile(r"\{(\w+)\}")


class UndeclaredRights(Exception):
    """Two endpoints with one path, or one without a handler: the process must not start."""


@dataclass(frozen=True, slots=True)
class _Known:
    endpoint: Endpoint
    pattern: re.Pattern[str]


class Router:
    def __init__(self, endpoints: Iterable[Endpoint], prefix: str) -> None:
        """Raises UndeclaredRights."""
        self.endpoints = tuple(endpoints)
        self.prefix = prefix
        self._known = [_Known(endpoint, _pattern(endpoint.path)) for endpoint in self.endpoints]
        self._packed: bytes | None = None
        places = [(endpoint.method, endpoint.path) for endpoint in self.endpoints]
        if len(set(places)) < len(places) or any(
            (one.answer is None) == (one.stream is None) for one in self.endpoints
        ):
            raise UndeclaredRights("every endpoint has one path and one way to answer")

    def document(self) -> Schema:
        """The OpenAPI description of the API."""
        return document(self.endpoints, self.prefix)

    def page(self, dispatcher: Dispatcher) -> Page:
        async def page(request: Request, path: str, query: str) -> Response:
            try:
                return await self._handle(dispatcher, request, path.removeprefix(self.prefix), query)
            except ApiError as error:
                return failure(error)
            except Exception as error:
                translated = dispatcher.translated_as(error, f"{request.method} {path}")
                if isinstance(translated, ApiError):
                    return failure(translated)
                raise

        return page

    async def _handle(self, dispatcher: Dispatcher, request: Request, path: str, query: str) -> Response:
        if path == "/openapi.json" and request.method == "GET":
            if self._packed is None:
                self._packed = orjson.dumps(self.document(), option=orjson.OPT_INDENT_2)
            return Response(200, self._packed, JSON)
        endpoint, values = self._find(request.method, path)
        parsed = ApiRequest(
            call=await self._call(dispatcher, endpoint, request),
            path=values,
            query=_query(endpoint, query),
            body=_body(endpoint, request),
        )
        if endpoint.stream is not None:
            return Response(200, await endpoint.stream(parsed), EVENTS, [("X-Accel-Buffering", "no")], "no-cache")
        return await self._answered(dispatcher, endpoint, parsed)

    async def opened(self, call: Call, place: str) -> Events:
        """The stream for a path and query, without `/stream/`. Raises ApiError."""
        path, _, query = place.partition("?")
        endpoint, values = self._find("GET", f"{STREAMS}{path}")
        if endpoint.stream is None:
            raise not_found(f"{self.prefix}{STREAMS}{path} is not a stream")
        found = await endpoint.stream(ApiRequest(call=call, path=values, query=_query(endpoint, query)))
        assert isinstance(found, Events), f"{endpoint.path} is not a stream of states"
        return found

    async def _answered(self, dispatcher: Dispatcher, endpoint: Endpoint, request: ApiRequest) -> Response:
        assert endpoint.answer is not None
        try:
            found = await endpoint.answer(request)
            if endpoint.needs.need is Need.WITHIN and not request.call.checked:
                raise AssertionError(f"{endpoint.path} answered without having asked for its right")
        except Exception as error:
            translated = dispatcher.translated_as(error, request.call.method)
            dispatcher.record(request.call, endpoint.needs, translated)
            raise translated from None
        dispatcher.record(request.call, endpoint.needs, None)
        return Response(200, orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS), JSON)

    async def _call(self, dispatcher: Dispatcher, endpoint: Endpoint, request: Request) -> Call:
        headers = header_map(request)
        _check_json(request, headers)
        caller = await dispatcher.caller_for(headers, endpoint.needs.need)
        return Call(
            method=f"{endpoint.method} {endpoint.path}",
            request={},
            caller=caller,
            enforcer=dispatcher.enforcer,
            headers=headers,
            peer=request.peer,
            over_rest=True,
        )

    def _find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        others: list[str] = []
        for known in self._known:
            if match := known.pattern.fullmatch(path):
                if known.endpoint.method == method:
                    return known.endpoint, {name: unquote(value) for name, value in match.groupdict().items()}
                others.append(known.endpoint.method)
        if others:
            raise ApiError(Code.UNIMPLEMENTED, f"{method} is not allowed here; {', '.join(others)} is")
        raise not_found(f"there is no {self.prefix}{path}; {self.prefix}/openapi.json lists what there is")


def failure(error: ApiError) -> Response:
    body = {"error": {"code": error.code.name, "message": error.message}}
    return Response(error.http_status, orjson.dumps(body), JSON)


def _pattern(path: str) -> re.Pattern[str]:
    parts = _NAME.split(path)
    made = "".join(f"(?P<{part}>[^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return re.compile(made)


def _check_json(request: Request, headers: dict[str, str]) -> None:
    """Security rule 12: what changes something is JSON; that no other site sends it is seen to in front of all APIs."""
    if request.method in ("GET", "HEAD"):
        return
    if headers.get("content-type", "").partition(";")[0].strip() != JSON:
        raise invalid(f"Content-Type: {headers.get('content-type', '')!r} is not {JSON}")


def _query(endpoint: Endpoint, text: str) -> dict[str, list[str]]:
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=MOST_VALUES, errors="strict")
    except ValueError:
        raise invalid(f"query: it cannot be read, or has more than {MOST_VALUES} values") from None
    known = {parameter.name: parameter for parameter in endpoint.parameters}
    for name, values in found.items():
        parameter = known.get(name)
        if parameter is None:
            raise invalid(f"query: there is no {name!r}; there are {', '.join(sorted(known)) or 'none'}")
        if len(values) > 1 and not parameter.repeated:
            raise invalid(f"query: {name} is given {len(values)} times, once would be right")
        if parameter.kind is int and any(not value.isdecimal() or len(value) > 9 for value in values if value):
            raise invalid(f"query: {name}: {values[-1][:40]!r} is not a number")
    return found


def _body(endpoint: Endpoint, request: Request) -> Any:
    if endpoint.takes is None:
        return None
    try:
        given: JsonObject = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise invalid(f"body: it is not JSON: {error}") from None
    try:
        return fit(given, endpoint.takes, "body")
    except Unfit as error:
        raise invalid(str(error)) from None
