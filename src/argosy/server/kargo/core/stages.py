"""Stages: list by origin of Freight, get, watch both, delete, refresh together with the current Promotion."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import PROMOTIONS, STAGES
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.core.simple import deleting, refreshed
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.shapes import plain, versioned
from argosy.server.kargo.watching import watch

LIST = "/projects/{project}/stages"
ONE = f"{LIST}/{{stage}}"


def stage_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def several(request: ApiRequest) -> Reply | Stream:
        origins = frozenset(request.all("freightOrigins"))
        if request.flag("watch"):
            key = Key(request.project, "")
            return await watch(request, context.client, STAGES, key, keeps=lambda one: requests_any(one, origins))
        items, version = await request.objects.list(STAGES, request.project)
        return Reply(versioned([one for one in items if requests_any(one, origins)], version))

    async def one(request: ApiRequest) -> Reply | Stream:
        if request.flag("watch"):
            return await watch(request, context.client, STAGES, request.key("stage"))
        return Reply(plain(await request.objects.read(STAGES, request.key("stage"))))

    async def refresh(request: ApiRequest) -> Reply:
        stage = await refreshed(context, request, STAGES, request.key("stage"))
        current = ((stage.get("status") or {}).get("currentPromotion") or {}).get("name")
        if current:
            await refreshed(context, request, PROMOTIONS, Key(request.project, str(current)))
        return Reply()

    return (
        Endpoint(method="GET", path=LIST, needs=within("stages", "list"), answer=several),
        Endpoint(method="GET", path=ONE, needs=within("stages", "get"), answer=one),
        deleting(ONE, STAGES, lambda request: request.key("stage")),
        Endpoint(method="POST", path=f"{ONE}/refresh", needs=within("stages", "get", mutates=True), answer=refresh),
    )


def requests_any(stage: JsonObject, warehouses: Iterable[str]) -> bool:
    """Whether it requests Freight of one of these origins; true if none is named."""
    wanted = frozenset(warehouses)
    requested = (stage.get("spec") or {}).get("requestedFreight") or ()
    origins = (one.get("origin") or {} for one in requested)
    return not wanted or any(one.get("kind") == "Warehouse" and one.get("name") in wanted for one in origins)
