"""Stages: list by origin of Freight, get, watch both, delete, refresh together with the current Promotion."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import PROMOTIONS, STAGES
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.core.simple import deleting, refreshed
from argosy.server.kargo.endpoint import Asked, Endpoint, Reply, Stream
from argosy.server.kargo.shapes import plain, versioned
from argosy.server.kargo.watching import watch

LIST = "/projects/{project}/stages"
ONE = f"{LIST}/{{stage}}"


def stage_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def several(asked: Asked) -> Reply | Stream:
        origins = frozenset(asked.all("freightOrigins"))
        if asked.flag("watch"):
            key = Key(asked.project, "")
            return await watch(asked, context.client, STAGES, key, keeps=lambda one: requests_any(one, origins))
        items, version = await asked.objects.list(STAGES, asked.project)
        return Reply(versioned([one for one in items if requests_any(one, origins)], version))

    async def one(asked: Asked) -> Reply | Stream:
        if asked.flag("watch"):
            return await watch(asked, context.client, STAGES, asked.key("stage"))
        return Reply(plain(await asked.objects.read(STAGES, asked.key("stage"))))

    async def refresh(asked: Asked) -> Reply:
        stage = await refreshed(context, asked, STAGES, asked.key("stage"))
        current = ((stage.get("status") or {}).get("currentPromotion") or {}).get("name")
        if current:
            await refreshed(context, asked, PROMOTIONS, Key(asked.project, str(current)))
        return Reply()

    return (
        Endpoint(method="GET", path=LIST, needs=within("stages", "list"), answer=several),
        Endpoint(method="GET", path=ONE, needs=within("stages", "get"), answer=one),
        deleting(ONE, STAGES, lambda asked: asked.key("stage")),
        Endpoint(method="POST", path=f"{ONE}/refresh", needs=within("stages", "get", mutates=True), answer=refresh),
    )


def requests_any(stage: JsonObject, warehouses: Iterable[str]) -> bool:
    """Whether it requests Freight of one of these origins; true if none is named."""
    wanted = frozenset(warehouses)
    requested = (stage.get("spec") or {}).get("requestedFreight") or ()
    origins = (one.get("origin") or {} for one in requested)
    return not wanted or any(one.get("kind") == "Warehouse" and one.get("name") in wanted for one in origins)
