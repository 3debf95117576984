"""Warehouses: list, get, watch both, delete, refresh."""

from __future__ import annotations

from argosy.machinery.objects import Key
from argosy.promotion.kinds import WAREHOUSES
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.core.simple import deleting, refreshing
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.shapes import plain, versioned
from argosy.server.kargo.watching import watch

LIST = "/projects/{project}/warehouses"
ONE = f"{LIST}/{{warehouse}}"


def warehouse_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def several(request: ApiRequest) -> Reply | Stream:
        if request.flag("watch"):
            return await watch(request, context.client, WAREHOUSES, Key(request.project, ""))
        items, version = await request.objects.list(WAREHOUSES, request.project)
        return Reply(versioned(items, version))

    async def one(request: ApiRequest) -> Reply | Stream:
        if request.flag("watch"):
            return await watch(request, context.client, WAREHOUSES, _key(request))
        return Reply(plain(await request.objects.read(WAREHOUSES, _key(request))))

    return (
        Endpoint(method="GET", path=LIST, needs=within("warehouses", "list"), answer=several),
        Endpoint(method="GET", path=ONE, needs=within("warehouses", "get"), answer=one),
        deleting(ONE, WAREHOUSES, _key),
        refreshing(context, f"{ONE}/refresh", WAREHOUSES, _key),
    )


def _key(request: ApiRequest) -> Key:
    return request.key("warehouse")
