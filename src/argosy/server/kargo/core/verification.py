"""Verifies a Stage's Freight again, or aborts the current verification."""

from __future__ import annotations

import json

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import STAGES
from argosy.promotion.names import ABORT, REVERIFY
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.access import MANAGER
from argosy.server.kargo.core.stages import ONE
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.faults import Fault

TERMINAL = frozenset({"Successful", "Failed", "Error", "Inconclusive", "Aborted"})


def verification_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def verify(request: ApiRequest) -> Reply:
        current = await _current(request)
        await _ask(context, request, REVERIFY, str(current["id"]))
        return Reply()

    async def abort(request: ApiRequest) -> Reply:
        """A finished verification stays unchanged."""
        current = await _current(request)
        if current.get("phase") not in TERMINAL:
            await _ask(context, request, ABORT, str(current["id"]))
        return Reply()

    needs = within("stages", "patch", mutates=True)
    return (
        Endpoint(method="POST", path=f"{ONE}/verification", needs=needs, answer=verify),
        Endpoint(method="POST", path=f"{ONE}/verification/abort", needs=needs, answer=abort),
    )


async def _current(request: ApiRequest) -> JsonObject:
    """The newest verification of the Stage's Freight. Raises Fault 500 if there is none, as recorded from upstream."""
    await request.access.permit("patch", STAGES, request.key("stage"))
    stage = await request.objects.find(STAGES, request.key("stage"))
    history = ((stage or {}).get("status") or {}).get("freightHistory") or [{}]
    found: JsonObject = (history[0].get("verificationHistory") or [{}])[0]
    if not history[0].get("items") or not found.get("id"):
        raise Fault(500, "internal server error")
    return found


async def _ask(context: ServerContext, request: ApiRequest, annotation: str, verification: str) -> None:
    action = json.dumps({"id": verification, "actor": request.identity.actor}, separators=(",", ":"))
    patch = {"metadata": {"annotations": {annotation: action}}}
    key = request.key("stage")
    await context.control_plane.write(
        requests.patch(STAGES, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=MANAGER)
    )
