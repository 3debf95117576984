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
from argosy.server.kargo.endpoint import Asked, Endpoint, Reply, Stream
from argosy.server.kargo.faults import Fault
from argosy.server.kargo.shapes import plain, versioned
from argosy.server.kargo.watching import watch

LIST: Final = "/projects/{project}/promotions"
ONE: Final = f"{LIST}/{{promotion}}"
TERMINAL: Final = frozenset({"Succeeded", "Failed", "Errored", "Aborted"})


def promotion_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def several(asked: Asked) -> Reply | Stream:
        stage = asked.one("stage")
        if asked.flag("watch"):
            key = Key(asked.project, "")
            return await watch(asked, context.client, PROMOTIONS, key, keeps=lambda one: _is_of(one, stage))
        items, version = await asked.objects.list(PROMOTIONS, asked.project)
        return Reply(versioned([one for one in items if _is_of(one, stage)], version))

    async def one(asked: Asked) -> Reply | Stream:
        if asked.flag("watch"):
            return await watch(asked, context.client, PROMOTIONS, asked.key("promotion"))
        return Reply(plain(await asked.objects.read(PROMOTIONS, asked.key("promotion"))))

    async def abort(asked: Asked) -> Reply:
        """A finished Promotion stays unchanged. Changing one requires the right to promote to its Stage."""
        key = asked.key("promotion")
        promotion = await asked.objects.find(PROMOTIONS, key)
        if promotion is None:
            raise Fault(500, "internal server error")  # as recorded from upstream
        await asked.access.permit("patch", PROMOTIONS, key)
        await asked.access.permit("promote", STAGES, Key(asked.project, str(promotion["spec"].get("stage") or "")))
        if (promotion.get("status") or {}).get("phase") not in TERMINAL:
            request = json.dumps({"action": "terminate", "actor": asked.identity.actor}, separators=(",", ":"))
            patch = {"metadata": {"annotations": {ABORT: request}}}
            await context.control_plane.write(
                requests.patch(PROMOTIONS, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=MANAGER)
            )
        return Reply()

    return (
        Endpoint(method="GET", path=LIST, needs=within("promotions", "list"), answer=several),
        Endpoint(method="GET", path=ONE, needs=within("promotions", "get"), answer=one),
        Endpoint(method="POST", path=f"{ONE}/abort", needs=within("promotions", "patch", mutates=True), answer=abort),
        refreshing(context, f"{ONE}/refresh", PROMOTIONS, lambda asked: asked.key("promotion")),
    )


def _is_of(promotion: dict[str, object], stage: str) -> bool:
    spec = promotion.get("spec")
    return not stage or (isinstance(spec, dict) and spec.get("stage") == stage)
