"""Promotions: list by Stage, get, watch both, abort, refresh."""

from __future__ import annotations

import json
from typing import Final

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key
from argosy.promotion.kinds import PROMOTIONS, STAGES
from argosy.promotion.names import ABORT
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.access import MANAGER
from argosy.server.kargo.core.simple import refreshing
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply, Stream
from argosy.server.kargo.faults import Fault
from argosy.server.kargo.shapes import plain, versioned
from argosy.server.kargo.watching import watch

LIST: Final = "/projects/{project}/promotions"
ONE: Final = f"{LIST}/{{promotion}}"
TERMINAL: Final = frozenset({"Succeeded", "Failed", "Errored", "Aborted"})


def promotion_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def several(request: ApiRequest) -> Reply | Stream:
        stage = request.one("stage")
        if request.flag("watch"):
            key = Key(request.project, "")
            return await watch(request, context.client, PROMOTIONS, key, keeps=lambda one: _is_of(one, stage))
        items, version = await request.objects.list(PROMOTIONS, request.project)
        return Reply(versioned([one for one in items if _is_of(one, stage)], version))

    async def one(request: ApiRequest) -> Reply | Stream:
        if request.flag("watch"):
            return await watch(request, context.client, PROMOTIONS, request.key("promotion"))
        return Reply(plain(await request.objects.read(PROMOTIONS, request.key("promotion"))))

    async def abort(request: ApiRequest) -> Reply:
        """A finished Promotion stays unchanged. Changing one requires the right to promote to its Stage."""
        key = request.key("promotion")
        promotion = await request.objects.find(PROMOTIONS, key)
        if promotion is None:
            raise Fault(500, "internal server error")  # as recorded from upstream
        await request.access.permit("patch", PROMOTIONS, key)
        await request.access.permit("promote", STAGES, Key(request.project, str(promotion["spec"].get("stage") or "")))
        if (promotion.get("status") or {}).get("phase") not in TERMINAL:
            action = json.dumps({"action": "terminate", "actor": request.identity.actor}, separators=(",", ":"))
            patch = {"metadata": {"annotations": {ABORT: action}}}
            await context.control_plane.write(
                requests.patch(PROMOTIONS, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=MANAGER)
            )
        return Reply()

    return (
        Endpoint(method="GET", path=LIST, needs=within("promotions", "list"), answer=several),
        Endpoint(method="GET", path=ONE, needs=within("promotions", "get"), answer=one),
        Endpoint(method="POST", path=f"{ONE}/abort", needs=within("promotions", "patch", mutates=True), answer=abort),
        refreshing(context, f"{ONE}/refresh", PROMOTIONS, lambda request: request.key("promotion")),
    )


def _is_of(promotion: dict[str, object], stage: str) -> bool:
    spec = promotion.get("spec")
    return not stage or (isinstance(spec, dict) and spec.get("stage") == stage)
