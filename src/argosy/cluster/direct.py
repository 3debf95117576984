"""The server's in-process client: no HTTP, no JSON, the same admission; has the shape of `runtime.client.Client`.

Returned objects are the store's own: never mutate them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from argosy.cluster.errors import no_such_resource
from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.handlers.reading import select
from argosy.cluster.kind import Kind, User
from argosy.cluster.request import ApiRequest, Options, Verb
from argosy.cluster.store.entry import Entry
from argosy.machinery.api import ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.pieces import Pieces, finished
from argosy.machinery.requests import Get, List, Served, Watch, Write

AT_ONCE: Final = 128 * 1024
"""Bytes of objects that are decoded in one event loop turn."""
Authorize = Callable[[ApiRequest], None]
"""Raises StatusError 403."""


class DirectClient:
    """`authorize` is omitted for components that are part of the server, like upstream's loopback client."""

    def __init__(
        self,
        handlers: RequestHandlers,
        user: User,
        version: JsonObject,
        authorize: Authorize | None = None,
        *,
        bookmarks: bool = True,
    ) -> None:
        self._handlers, self._bookmarks = handlers, bookmarks
        self._core = handlers.core
        self._user = user
        self._version = version
        self._authorize = authorize
        self._agent = user.name.rpartition(":")[2]

    def _request(
        self, verb: Verb, resource: Resource, namespace: str = "", name: str = "", **more: object
    ) -> ApiRequest:
        kind = self._kind(resource)
        request = ApiRequest(
            verb=verb,
            kind=kind,
            user=self._user,
            namespace=namespace,
            name=name,
            user_agent=self._agent,
            **more,  # type: ignore[arg-type]  # the callers below name ApiRequest's own fields
        )
        if self._authorize is not None:
            self._authorize(request)
        return request

    def _kind(self, resource: Resource) -> Kind:
        kind = self._core.catalog.of(resource)
        if kind is None:
            raise no_such_resource()
        return kind

    async def served(self, *, fresh: bool = False) -> Served:
        return Served(tuple(kind.resource for kind in self._core.catalog.all()), self._version)

    async def get(self, request: Get) -> JsonObject:
        key = request.key
        asked = self._request("get", request.resource, key.namespace, key.name, subresource=request.subresource)
        return (await self._handlers.handle(asked)).body

    async def page(self, request: List) -> ListPage:
        """Items carry apiVersion and kind. `metadata_only` returns complete objects, since they cost nothing here."""
        options = Options(
            label_selector=request.label_selector,
            field_selector=request.field_selector,
            limit=request.limit,
            continue_token=request.continue_token,
        )
        asked = self._request("list", request.resource, request.namespace, options=options)
        page = select(self._core, asked.kind, request.namespace, options)
        work = _taken_out(page.entries, asked.kind)
        is_long = sum(map(_undecoded, page.entries)) > AT_ONCE
        items = await self._handlers.in_turns(work) if is_long else finished(work)
        return ListPage(tuple(items), str(page.revision), page.continue_token)

    async def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        options = Options(
            label_selector=request.label_selector,
            field_selector=request.field_selector,
            resource_version=request.resource_version,
            allow_bookmarks=self._bookmarks,
        )
        asked = self._request("watch", request.resource, request.namespace, options=options)
        async for frames in self._handlers.watch(asked):
            for frame in frames:
                yield frame.event

    async def write(self, request: Write) -> JsonObject:
        options = Options(
            field_manager=request.manager,
            field_validation=request.validation,
            force=request.force,
            dry_run=request.dry_run,
        )
        more: dict[str, object] = {"body": request.body, "subresource": request.subresource, "options": options}
        verb: Verb = "patch" if request.verb == "apply" else request.verb
        if verb == "patch":
            more["patch_type"] = PatchType.APPLY if request.verb == "apply" else request.patch_type
        elif verb == "delete":
            more["body"] = delete_options(
                request.propagation, request.grace_seconds, request.uid, request.resource_version
            )
        name = "" if verb == "create" and not request.subresource else request.key.name
        asked = self._request(verb, request.resource, request.key.namespace, name, **more)
        return (await self._handlers.handle(asked)).body


def delete_options(
    propagation: Propagation | None = None, grace_seconds: int | None = None, uid: str = "", resource_version: str = ""
) -> JsonObject:
    body: JsonObject = {}
    if propagation is not None:
        body["propagationPolicy"] = propagation
    if grace_seconds is not None:
        body["gracePeriodSeconds"] = grace_seconds
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    if wanted := {name: value for name, value in preconditions.items() if value}:
        body["preconditions"] = wanted
    return body


def _taken_out(entries: Sequence[Entry], kind: Kind) -> Pieces[list[JsonObject]]:
    """Some definitions are as large as hundreds of other objects."""
    found, read = list[JsonObject](), 0
    for entry in entries:
        read += _undecoded(entry)
        if read > AT_ONCE:
            read = _undecoded(entry)
            yield
        found.append(kind.from_storage(entry.peek))
    return found


def _undecoded(entry: Entry) -> int:
    return 0 if entry.is_decoded else entry.size
