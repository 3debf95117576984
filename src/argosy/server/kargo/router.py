"""From a request to Kargo's API to its answer: rate limit, authentication, project, authorisation, handler, audit.

Errors are `{"error": "<text>"}` with the fitting status. An unexpected error is 500 with a neutral text and a trace ID,
under which the log has the details. Source: spec/kargo-api.md 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import orjson

from argosy.cluster.http.exchange import Request, Response
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.server.api.router import UndeclaredRights
from argosy.server.calls import Call, Caller, Need
from argosy.server.context import ServerContext
from argosy.server.dispatch import Dispatcher
from argosy.server.errors import ApiError
from argosy.server.kargo.access import Access, Permitted
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.faults import Fault, absent, as_fault, for_the_record, invalid, not_found
from argosy.server.kargo.identity import NOBODY, Identity, SignIn
from argosy.server.kargo.limits import Limits
from argosy.server.kargo.settings import KargoSettings
from argosy.server.kargo.watching import sent
from argosy.server.permissions.enforcement import Subject
from argosy.server.transport.front import Page
from argosy.server.transport.http1 import header_map

PREFIX: Final = "/v1beta1"
JSON: Final = "application/json; charset=utf-8"
EVENTS: Final = "text/event-stream"
PROJECTS: Final = Resource("kargo.akuity.io", "v1alpha1", "projects", "Project", namespaced=False)
MOST_VALUES: Final = 200
"""Parameters of one query."""
BEHIND_ADDRESS: Final = 4
"""Callers that may share one address."""
_NAME: Final = re.compile(r"\{([\w-]+)\}")


@dataclass(frozen=True, slots=True)
class _Known:
    endpoint: Endpoint
    pattern: re.Pattern[str]
    names: tuple[str, ...]


class Router:
    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        context: ServerContext,
        settings: KargoSettings,
        sign_in: SignIn,
        dispatcher: Dispatcher,
    ) -> None:
        """Raises UndeclaredRights: the process must not start."""
        self.endpoints = tuple(endpoints)
        self._context, self._settings, self._sign_in, self._dispatcher = context, settings, sign_in, dispatcher
        rate, burst = settings.requests_per_second, settings.requests_at_once
        self._by_caller = Limits(context.clock, rate, burst)
        self._by_address = Limits(context.clock, rate * BEHIND_ADDRESS, burst * BEHIND_ADDRESS)
        places = [(endpoint.method, endpoint.path) for endpoint in self.endpoints]
        if len(set(places)) < len(places):
            raise UndeclaredRights(f"declared twice: {sorted({one for one in places if places.count(one) > 1})}")
        self._known: dict[tuple[str, int], list[_Known]] = {}
        for endpoint in sorted(self.endpoints, key=lambda one: one.path.count("{")):
            # Fewest parameters first: `/roles/grants` before `/roles/{role}`.
            self._known.setdefault((endpoint.method, endpoint.path.count("/")), []).append(_known(endpoint))

    def page(self) -> Page:
        async def page(request: Request, path: str, query: str) -> Response:
            try:
                return await self._handle(request, path.removeprefix(PREFIX), query)
            except Fault as fault:
                return failure(fault)
            except StatusError as error:
                return failure(as_fault(error))
            except ApiError as error:
                return failure(Fault(error.http_status, error.message))
            except Exception as error:
                self._dispatcher.translated_as(error, f"{request.method} {path}")  # logs it
                return failure(Fault(500, "internal server error"))

        return page

    async def _handle(self, request: Request, path: str, query: str) -> Response:
        endpoint, values = self._find(request.method, path)
        if len(request.body) > endpoint.limit:
            raise Fault(413, "request body too large")
        headers = header_map(request)
        # Before anything expensive: a token's signature, a token review, a password hash.
        _check(self._by_address, request.peer)
        identity = NOBODY if endpoint.needs.need is Need.NOTHING else await self._sign_in.identity(headers)
        if identity is not NOBODY:
            _check(self._by_caller, identity.actor)
        access = Access(self._context.client, identity, self._settings.global_namespaces)
        parsed = ApiRequest(
            identity=identity,
            access=access,
            objects=Permitted(self._context.client, access),
            path=values,
            query=_query(query),
            headers=headers,
            body=request.body,
            peer=request.peer,
        )
        return await self._recorded(endpoint, parsed)

    async def _recorded(self, endpoint: Endpoint, request: ApiRequest) -> Response:
        try:
            found = await self._answered(endpoint, request)
        except BaseException as error:
            self._dispatcher.record(self._call(endpoint, request), endpoint.needs, for_the_record(error))
            raise
        self._dispatcher.record(self._call(endpoint, request), endpoint.needs, None)
        if isinstance(found, Stream):
            headers = [("X-Accel-Buffering", "no")]
            return Response(200, self._events(found, request), EVENTS, headers, "no-cache")  # type: ignore[arg-type]
        body = b"" if found.body is None else orjson.dumps(found.body, option=orjson.OPT_NON_STR_KEYS)
        return Response(found.code, body, JSON)

    async def _answered(self, endpoint: Endpoint, request: ApiRequest) -> Reply | Stream:
        project = request.path.get("project")
        if project is not None:
            await self._check_project(project)
        try:
            found = await endpoint.answer(request)
        except Fault as fault:
            hides = fault.code == 403 or not request.access.permits
            if project is not None and hides and not await request.access.knows_project(project):
                raise absent(PROJECTS, project) from None
            raise
        if endpoint.needs.need is Need.WITHIN and not request.access.asked:
            raise AssertionError(f"{endpoint.method} {endpoint.path} answered without having asked for its right")
        return found

    async def _check_project(self, project: str) -> None:
        try:
            await self._context.client.get(requests.Get(PROJECTS, Key("", project)))
        except StatusError as error:
            raise absent(PROJECTS, project) if error.is_not_found else error from None

    def _events(self, stream: Stream, request: ApiRequest) -> AsyncGenerator[bytes, None]:
        async def may_go_on() -> bool:
            try:
                now = await self._sign_in.identity(request.headers)
            except (Fault, StatusError):
                return False
            access = Access(self._context.client, now, self._settings.global_namespaces)
            access.permits.update(request.access.permits)
            return await access.still_permitted()

        mailbox, pump = self._dispatcher.pump(stream.messages)
        return sent(mailbox, pump, self._context.clock, stream.form, may_go_on)

    def _find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        for known in self._known.get((method, path.count("/")), ()):
            if match := known.pattern.fullmatch(path):
                values = zip(known.names, match.groups(), strict=True)
                return known.endpoint, {name: unquote(value) for name, value in values}
        raise not_found(f"there is no {method[:16]} {PREFIX}{path[:200]}")

    def _call(self, endpoint: Endpoint, request: ApiRequest) -> Call:
        identity = request.identity
        return Call(
            method=f"{endpoint.method} {PREFIX}{endpoint.path}",
            request=_named(request),
            caller=_caller(identity),
            enforcer=self._dispatcher.enforcer,
            headers=request.headers,
            peer=request.peer,
            over_rest=True,
            permits={(one.resource, one.verb, f"{one.namespace}/{one.name}"): None for one in request.access.permits},
        )


class TooMany(Fault):
    def __init__(self, wait: float) -> None:
        super().__init__(429, f"too many requests; try again in {wait:.1f} s")
        self.wait = wait


def _check(limits: Limits, caller: str) -> None:
    """Raises TooMany."""
    if (wait := limits.wait(caller)) > 0:
        raise TooMany(wait)


def failure(fault: Fault) -> Response:
    headers = [("Retry-After", str(math.ceil(fault.wait)))] if isinstance(fault, TooMany) else []
    return Response(fault.code, orjson.dumps({"error": fault.message}), JSON, headers)


def _known(endpoint: Endpoint) -> _Known:
    parts = _NAME.split(endpoint.path)
    made = "".join("([^/]+)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return _Known(endpoint, re.compile(made), tuple(parts[1::2]))


def _query(text: str) -> dict[str, list[str]]:
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=MOST_VALUES, errors="strict")
    except ValueError:
        raise invalid(f"the query cannot be read, or has more than {MOST_VALUES} values") from None


def _caller(identity: Identity) -> Caller:
    return Caller(
        subject=Subject(identity.actor, identity.groups),
        token_id=identity.token_id,
        username=identity.actor,
        signed_in=bool(identity.actor),
    )


def _named(request: ApiRequest) -> JsonObject:
    """For the audit log: the path's parameters, and the name in a body; everything else may be a secret."""
    found: dict[str, Any] = {"project": request.path.get("project", "")}
    names: Mapping[str, str] = {key: value for key, value in request.path.items() if key != "project"}
    if names:
        found["name"] = "/".join(names.values())
    elif request.body[:1] == b"{":
        try:
            parsed = orjson.loads(request.body)
            found["name"] = parsed.get("name") or (parsed.get("metadata") or {}).get("name") or ""
        except (orjson.JSONDecodeError, AttributeError):
            pass
    return found
