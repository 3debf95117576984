"""`runtime.client.Client` over HTTP, for any Kubernetes API server: maps each verb to a request.

Refusals are raised as StatusError, a server that cannot be reached as `exchange.Unreachable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import Self

import aiohttp

from argosy.machinery.api import ListPage, PatchType, WatchEvent
from argosy.machinery.objects import JsonObject, NoPathSegment, Resource
from argosy.machinery.requests import Get, List, Served, Watch, Write
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.http import discovery
from argosy.runtime.http.connection import Connection, Impersonation
from argosy.runtime.http.exchange import CONNECT_SECONDS, Exchange, Query
from argosy.runtime.http.frames import FrameCutter, event_of, named

PAGE = 500
SHORTEST_WATCH, LONGEST_WATCH = 300.0, 600.0
RAW_SECONDS = 60.0
DISCOVERY_SECONDS = 30.0
"""Discovery is repeated after this time, and at once after a 404 for a resource type."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METHODS = {"create": "POST", "update": "PUT", "patch": "PATCH", "apply": "PATCH", "delete": "DELETE"}
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class HttpClient(Client):
    """`async with HttpClient(connection, clock, rng) as client:`, or `close` it."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        rng: Rng,
        *,
        user_agent: str = "argosy",
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """`session`: connections of another owner, to be used and not to be closed."""
        self._connection = connection
        self._clock = clock
        self._rng = rng.fork("http")
        self._user_agent = user_agent
        self._exchange = Exchange(connection, clock, self._rng, user_agent, session, self.forget_resources)
        self._served: Served | None = None
        self._served_at = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def client(self) -> Self:
        """For `runtime.access.Access`."""
        return self

    def acting_as(self, user: str) -> Self:
        """A client that impersonates, over the connections of this one, and only this one closes them."""
        connection = replace(self._connection, impersonate=Impersonation(user=user))
        session = self._exchange.session()
        return type(self)(connection, self._clock, self._rng, user_agent=self._user_agent, session=session)

    async def close(self) -> None:
        await self._exchange.close()

    # -- what the server is --------------------------------------------------------------------------------------------

    async def served(self, *, fresh: bool = False) -> Served:
        now = self._clock.monotonic()
        if fresh or self._served is None or now - self._served_at >= DISCOVERY_SECONDS:
            version = await self._exchange.json("GET", "/version")
            self._served, self._served_at = Served(await self._discover(), version), now
        return self._served

    async def raw(self, method: str, path: str, body: bytes | None = None, *, accept: str = "*/*") -> tuple[int, bytes]:
        """Status and body unchanged, such as of a Service behind the server's proxy; without retries."""
        timeout = aiohttp.ClientTimeout(total=RAW_SECONDS, sock_connect=CONNECT_SECONDS)
        async with self._exchange.opened(method, path, {}, body, "application/json", accept, timeout) as response:
            return response.status, await response.read()

    async def stream(self, path: str, query: Query) -> AsyncIterator[bytes]:
        """A streamed response, such as followed logs, as it arrives. Raises StatusError."""
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS)
        async with self._exchange.opened("GET", path, query, None, "", "*/*", timeout) as response:
            if response.status >= 300:
                raise self._exchange.refusal(response, await response.read())
            async for chunk in response.content.iter_any():
                yield chunk

    def socket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str]
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """A web socket, such as of `pods/exec`. Raises StatusError, Unreachable."""
        return self._exchange.socket(path, query, protocols)

    def forget_resources(self) -> None:
        """After a CRD was added or removed."""
        self._served = None

    async def _discover(self) -> tuple[Resource, ...]:
        documents = [await self._exchange.json("GET", path, accept=discovery.AGGREGATED) for path in ("/api", "/apis")]
        if all(discovery.is_aggregated(document) for document in documents):
            return tuple([resource for document in documents for resource in discovery.aggregated(document)])
        found: list[Resource] = []
        for path in discovery.legacy_paths(*documents):
            try:
                found += discovery.legacy(await self._exchange.json("GET", path))
            except StatusError as error:
                # An aggregated API whose own server is down must not hide all others.
                if error.code not in (404, 503):
                    raise
        return tuple(found)

    # -- reading -------------------------------------------------------------------------------------------------------

    async def get(self, request: Get) -> JsonObject:
        resource, key = request.resource, request.key
        obj = await self._exchange.json("GET", path_of(resource, key.namespace, key.name, request.subresource))
        return obj if request.subresource else named(obj, resource)

    async def page(self, request: List) -> ListPage:
        """Without a limit all items, which are fetched in pages anyway."""
        resource, namespace = request.resource, request.namespace
        query = _given(labelSelector=request.label_selector, fieldSelector=request.field_selector)
        accept = METADATA_LIST if request.metadata_only else "application/json"
        page = await self._page(resource, namespace, query, request.limit or PAGE, request.continue_token, accept)
        if request.limit:
            return page
        items = list(page.items)
        while page.continue_token:
            try:
                page = await self._page(resource, namespace, query, PAGE, page.continue_token, accept)
            except StatusError as error:
                if not error.is_expired:
                    raise
                # The revision of the first pages has expired: one response with everything is consistent again.
                return await self._page(resource, namespace, query, 0, "", accept)
            items += page.items
        return ListPage(tuple(items), page.resource_version)

    async def _page(
        self, resource: Resource, namespace: str, query: Query, limit: int, token: str, accept: str
    ) -> ListPage:
        asked = {**query, **_given(limit=str(limit) if limit else "", **{"continue": token})}
        document = await self._exchange.json("GET", path_of(resource, namespace), asked, accept=accept)
        metadata = document.get("metadata") or {}
        items = tuple([named(item, resource) for item in document.get("items") or ()])
        return ListPage(items, metadata.get("resourceVersion") or "", metadata.get("continue") or "")

    async def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        resource = request.resource
        seconds = self._rng.uniform(SHORTEST_WATCH, LONGEST_WATCH)
        query = _given(
            labelSelector=request.label_selector,
            fieldSelector=request.field_selector,
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=request.resource_version,
            timeoutSeconds=str(int(seconds)),
        )
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=seconds + 30, total=seconds + 60)
        accept = METADATA if request.metadata_only else "application/json"
        path = path_of(resource, request.namespace)
        async with self._exchange.opened("GET", path, query, None, "", accept, timeout) as response:
            if response.status >= 300:
                raise self._exchange.refusal(response, await response.read())
            cutter = FrameCutter()
            async for chunk in response.content.iter_any():
                for frame in cutter.feed(chunk):
                    yield event_of(frame, resource)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def write(self, request: Write) -> JsonObject:
        resource, key = request.resource, request.key
        name = "" if request.verb == "create" and not request.subresource else key.name
        return await self._exchange.json(
            METHODS[request.verb],
            path_of(resource, key.namespace, name, request.subresource),
            _write_query(request),
            _delete_options(request) if request.verb == "delete" else request.body,
            content_type=_content_type(request),
            safe=request.dry_run or request.verb == "apply",
        )


def path_of(resource: Resource, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """Raises StatusError 404 for an impossible name, as the embedded server does."""
    try:
        return resource.path(namespace, name, subresource)
    except NoPathSegment as error:
        raise StatusError(404, "NotFound", f"{resource.qualified}: {error}") from None


def _given(**values: str) -> Query:
    return {name: value for name, value in values.items() if value}


def _write_query(request: Write) -> Query:
    query = _given(fieldManager=request.manager, dryRun="All" if request.dry_run else "")
    if request.verb != "delete":
        query["fieldValidation"] = request.validation
    if request.verb == "apply":
        query["force"] = "true" if request.force else "false"
    return query


def _content_type(request: Write) -> str:
    if request.verb == "apply":
        return PatchType.APPLY.value
    return request.patch_type.value if request.verb == "patch" else "application/json"


def _delete_options(request: Write) -> JsonObject:
    body: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions"}
    if request.propagation is not None:
        body["propagationPolicy"] = request.propagation
    if request.grace_seconds is not None:
        body["gracePeriodSeconds"] = request.grace_seconds
    if preconditions := _given(uid=request.uid, resourceVersion=request.resource_version):
        body["preconditions"] = preconditions
    return body
