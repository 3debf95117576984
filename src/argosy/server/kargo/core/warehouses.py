"""Warehouses: list, get, watch both, delete, refresh."""

from __future__ import annotations

from argosy.machinery.objects import Key
from argosy.promotion.kinds import WAREHOUSES
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.core.simple import deleting, refreshing
from argosy.server.kargo.endpoint import Asked, Endpoint, Reply, Stream
from argosy.server.kargo.shapes import plain, versioned
from argosy.server.kargo.watching import watch

LIST = "/projects/{project}/warehouses"
ONE = f"{LIST}/{{warehouse}}"


def warehouse_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def several(asked: Asked) -> Reply | Stream:
        if asked.flag("watch"):
            return await watch(asked, context.client, WAREHOUSES, Key(asked.project, ""))
        items, version = await asked.objects.list(WAREHOUSES, asked.project)
        return Reply(versioned(items, version))

    async def one(asked: Asked) -> Reply | Stream:
        if asked.flag("watch"):
            return await watch(asked, context.client, WAREHOUSES, _key(asked))
        return Reply(plain(await asked.objects.read(WAREHOUSES, _key(asked))))

    return (
        Endpoint(method="GET", path=LIST, needs=within("warehouses", "list"), answer=several),
        Endpoint(method="GET", path=ONE, needs=within("warehouses", "get"), answer=one),
        deleting(ONE, WAREHOUSES, _key),
        refreshing(context, f"{ONE}/refresh", WAREHOUSES, _key),
    )


def _key(asked: Asked) -> Key:
    return asked.key("warehouse")
