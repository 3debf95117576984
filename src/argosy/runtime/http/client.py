"""`runtime.client.Client` over HTTP, for any Kubernetes API server: which request each verb is.

Refusals come out as StatusError, a server that cannot be reached as `exchange.Unreachable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from types import TracebackType
from typing import Self

import aiohttp

from argosy.machinery.api import FieldValidation, ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue, Resource, key_of
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock
from argosy.runtime.http import discovery
from argosy.runtime.http.connection import Connection, Impersonation
from argosy.runtime.http.exchange import CONNECT_SECONDS, Exchange, Query
from argosy.runtime.http.frames import FrameCutter, event_of, named

PAGE = 500
SHORTEST_WATCH, LONGEST_WATCH = 300.0, 600.0
DISCOVERY_SECONDS = 30.0
"""What a server serves is asked again after this, and at once after a 404 for a whole resource."""
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class HttpClient:
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
        """`session`: somebody else's connections, to be used and not to be closed."""
        self._connection = connection
        self._clock = clock
        self._rng = rng.fork("http")
        self._user_agent = user_agent
        self._exchange = Exchange(connection, clock, self._rng, user_agent, session, self.forget_resources)
        self._resources: tuple[Resource, ...] | None = None
        self._resources_at = 0.0

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
        """A client that impersonates, over the connections of this one, which alone is closed."""
        connection = replace(self._connection, impersonate=Impersonation(user=user))
        session = self._exchange.session()
        return type(self)(connection, self._clock, self._rng, user_agent=self._user_agent, session=session)

    async def close(self) -> None:
        await self._exchange.close()

    # -- what the server is --------------------------------------------------------------------------------------------

    async def version(self) -> JsonObject:
        return await self._exchange.json("GET", "/version")

    async def resources(self, *, fresh: bool = False) -> tuple[Resource, ...]:
        now = self._clock.monotonic()
        if fresh or self._resources is None or now - self._resources_at >= DISCOVERY_SECONDS:
            self._resources, self._resources_at = await self._discover(), now
        return self._resources

    def forget_resources(self) -> None:
        """After a CRD came or went."""
        self._resources = None

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

    async def get(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> JsonObject:
        obj = await self._exchange.json("GET", resource.path(namespace, name, subresource))
        return obj if subresource else named(obj, resource)

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = 0,
        continue_token: str = "",
        metadata_only: bool = False,
    ) -> ListPage:
        """Without a limit all items, which are fetched in pages all the same."""
        query = _given(labelSelector=label_selector, fieldSelector=field_selector)
        accept = METADATA_LIST if metadata_only else "application/json"
        page = await self._page(resource, namespace, query, limit or PAGE, continue_token, accept)
        if limit:
            return page
        items = list(page.items)
        while page.continue_token:
            try:
                page = await self._page(resource, namespace, query, PAGE, page.continue_token, accept)
            except StatusError as error:
                if not error.is_expired:
                    raise
                # The revision of the first pages is gone: one answer with everything is consistent again.
                return await self._page(resource, namespace, query, 0, "", accept)
            items += page.items
        return ListPage(tuple(items), page.resource_version)

    async def _page(
        self, resource: Resource, namespace: str, query: Query, limit: int, token: str, accept: str
    ) -> ListPage:
        asked = {**query, **_given(limit=str(limit) if limit else "", **{"continue": token})}
        document = await self._exchange.json("GET", resource.path(namespace), asked, accept=accept)
        metadata = document.get("metadata") or {}
        items = tuple([named(item, resource) for item in document.get("items") or ()])
        return ListPage(items, metadata.get("resourceVersion") or "", metadata.get("continue") or "")

    async def watch(
        self,
        resource: Resource,
        namespace: str = "",
        *,
        resource_version: str,
        label_selector: str = "",
        field_selector: str = "",
        metadata_only: bool = False,
    ) -> AsyncIterator[WatchEvent]:
        seconds = self._rng.uniform(SHORTEST_WATCH, LONGEST_WATCH)
        query = _given(
            labelSelector=label_selector,
            fieldSelector=field_selector,
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            timeoutSeconds=str(int(seconds)),
        )
        timeout = aiohttp.ClientTimeout(sock_connect=CONNECT_SECONDS, sock_read=seconds + 30, total=seconds + 60)
        accept = METADATA if metadata_only else "application/json"
        async with self._exchange.opened("GET", resource.path(namespace), query, None, "", accept, timeout) as response:
            if response.status >= 300:
                raise self._exchange.refusal(response, await response.read())
            cutter = FrameCutter()
            async for chunk in response.content.iter_any():
                for frame in cutter.feed(chunk):
                    yield event_of(frame, resource)

    # -- writing -------------------------------------------------------------------------------------------------------

    async def create(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        query = _write_query(field_manager, dry_run, field_validation)
        return await self._exchange.json("POST", resource.path(key_of(obj).namespace), query, obj, safe=dry_run)

    async def update(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        subresource: str = "",
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        path = resource.path(*key_of(obj), subresource)
        return await self._exchange.json(
            "PUT", path, _write_query(field_manager, dry_run, field_validation), obj, safe=dry_run
        )

    async def patch(
        self,
        resource: Resource,
        name: str,
        namespace: str,
        patch: JsonValue,
        patch_type: PatchType,
        *,
        subresource: str = "",
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        path, query = (
            resource.path(namespace, name, subresource),
            _write_query(field_manager, dry_run, field_validation),
        )
        return await self._exchange.json("PATCH", path, query, patch, content_type=patch_type.value, safe=dry_run)

    async def apply(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str,
        force: bool = False,
        subresource: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        query = _write_query(field_manager, dry_run, field_validation) | {"force": "true" if force else "false"}
        path = resource.path(*key_of(obj), subresource)
        return await self._exchange.json("PATCH", path, query, obj, content_type=PatchType.APPLY.value, safe=True)

    async def delete(
        self,
        resource: Resource,
        name: str,
        namespace: str = "",
        *,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        uid: str = "",
        resource_version: str = "",
        dry_run: bool = False,
    ) -> JsonObject:
        body: JsonObject = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if propagation is not None:
            body["propagationPolicy"] = propagation
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        if preconditions := _given(uid=uid, resourceVersion=resource_version):
            body["preconditions"] = preconditions
        return await self._exchange.json(
            "DELETE", resource.path(namespace, name), _write_query("", dry_run), body, safe=dry_run
        )


def _given(**values: str) -> Query:
    return {name: value for name, value in values.items() if value}


def _write_query(field_manager: str, dry_run: bool, field_validation: str = "") -> Query:
    return _given(fieldManager=field_manager, dryRun="All" if dry_run else "", fieldValidation=field_validation)
