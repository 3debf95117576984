"""Endpoints that many kinds share: get, list, delete, and refresh."""

from __future__ import annotations

from collections.abc import Callable

from argosy.machinery import requests, timestamps
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.promotion.names import REFRESH
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.access import MANAGER
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.faults import as_fault
from argosy.server.kargo.shapes import cached_list, plain

KeyOf = Callable[[ApiRequest], Key]


def reading(path: str, resource: Resource, key_of: KeyOf) -> Endpoint:
    async def one(request: ApiRequest) -> Reply:
        return Reply(plain(await request.objects.read(resource, key_of(request))))

    return Endpoint(method="GET", path=path, needs=within(resource.plural, "get"), answer=one)


def listing(path: str, resource: Resource) -> Endpoint:
    """In the project of the path, if it has one."""

    async def several(request: ApiRequest) -> Reply:
        items, _ = await request.objects.list(resource, request.path.get("project", ""))
        return Reply(cached_list(items))

    return Endpoint(method="GET", path=path, needs=within(resource.plural, "list"), answer=several)


def deleting(path: str, resource: Resource, key_of: KeyOf) -> Endpoint:
    async def delete(request: ApiRequest) -> Reply:
        await request.objects.delete(resource, key_of(request))
        return Reply(code=204)

    return Endpoint(method="DELETE", path=path, needs=within(resource.plural, "delete", mutates=True), answer=delete)


def refreshing(context: ServerContext, path: str, resource: Resource, key_of: KeyOf) -> Endpoint:
    async def refresh(request: ApiRequest) -> Reply:
        await refreshed(context, request, resource, key_of(request))
        return Reply()

    return Endpoint(method="POST", path=path, needs=within(resource.plural, "get", mutates=True), answer=refresh)


async def refreshed(context: ServerContext, request: ApiRequest, resource: Resource, key: Key) -> JsonObject:
    """The right to see an object suffices to refresh it; upstream requires none at all. Raises Fault."""
    await request.access.permit("get", resource, key)
    patch = {"metadata": {"annotations": {REFRESH: timestamps.seconds(context.clock.now())}}}
    try:
        return await context.control_plane.write(
            requests.patch(resource, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=MANAGER)
        )
    except StatusError as error:
        raise as_fault(error, "patch annotation: ") from None
