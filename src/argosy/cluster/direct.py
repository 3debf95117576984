"""The server's client in its own process: no HTTP, no JSON, the same admission; a `runtime.client.Client` by shape.

Objects handed out are the store's own: never mutate them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from argosy.cluster.errors import no_such_resource
from argosy.cluster.handlers.api import RequestHandlers
from argosy.cluster.handlers.reading import select
from argosy.cluster.kind import Kind, User
from argosy.cluster.request import ApiRequest, Options, Verb
from argosy.machinery.api import FieldValidation, ListPage, PatchType, Propagation, WatchEvent
from argosy.machinery.objects import JsonObject, JsonValue, Resource, key_of

Authorize = Callable[[ApiRequest], None]
"""Raises StatusError 403."""


class DirectClient:
    """`authorize` is left out for components that are part of the server, as upstream's loopback client."""

    def __init__(
        self, handlers: RequestHandlers, user: User, version: JsonObject, authorize: Authorize | None = None
    ) -> None:
        self._handlers = handlers
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

    async def resources(self, *, fresh: bool = False) -> tuple[Resource, ...]:
        return tuple(kind.resource for kind in self._core.catalog.all())

    async def version(self) -> JsonObject:
        return self._version

    async def get(self, resource: Resource, name: str, namespace: str = "", *, subresource: str = "") -> JsonObject:
        request = self._request("get", resource, namespace, name, subresource=subresource)
        return (await self._handlers.handle(request)).body

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
        """Items carry apiVersion and kind; whole objects even for `metadata_only`, since they cost nothing here."""
        options = Options(
            label_selector=label_selector, field_selector=field_selector, limit=limit, continue_token=continue_token
        )
        request = self._request("list", resource, namespace, options=options)
        page = select(self._core, request.kind, namespace, options)
        from_storage = request.kind.from_storage
        items = tuple([from_storage(entry.peek) for entry in page.entries])
        return ListPage(items, str(page.revision), page.continue_token)

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
        options = Options(
            label_selector=label_selector,
            field_selector=field_selector,
            resource_version=resource_version,
            allow_bookmarks=True,
        )
        async for frames in self._handlers.watch(self._request("watch", resource, namespace, options=options)):
            for frame in frames:
                yield frame.event

    async def create(
        self,
        resource: Resource,
        obj: JsonObject,
        *,
        field_manager: str = "",
        field_validation: FieldValidation = "Warn",
        dry_run: bool = False,
    ) -> JsonObject:
        options = Options(field_manager=field_manager, field_validation=field_validation, dry_run=dry_run)
        request = self._request("create", resource, key_of(obj).namespace, body=obj, options=options)
        return (await self._handlers.handle(request)).body

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
        key = key_of(obj)
        options = Options(field_manager=field_manager, field_validation=field_validation, dry_run=dry_run)
        request = self._request(
            "update", resource, key.namespace, key.name, body=obj, subresource=subresource, options=options
        )
        return (await self._handlers.handle(request)).body

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
        options = Options(field_manager=field_manager, field_validation=field_validation, dry_run=dry_run)
        request = self._request(
            "patch",
            resource,
            namespace,
            name,
            body=patch,
            patch_type=patch_type,
            subresource=subresource,
            options=options,
        )
        return (await self._handlers.handle(request)).body

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
        key = key_of(obj)
        options = Options(field_manager=field_manager, field_validation=field_validation, force=force, dry_run=dry_run)
        request = self._request(
            "patch",
            resource,
            key.namespace,
            key.name,
            body=obj,
            patch_type=PatchType.APPLY,
            subresource=subresource,
            options=options,
        )
        return (await self._handlers.handle(request)).body

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
        body = delete_options(propagation, grace_seconds, uid, resource_version)
        request = self._request("delete", resource, namespace, name, body=body, options=Options(dry_run=dry_run))
        return (await self._handlers.handle(request)).body


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
