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
from argosy.server.kargo.endpoint import Asked, Endpoint, Reply
from argosy.server.kargo.faults import Fault

TERMINAL = frozenset({"Successful", "Failed", "Error", "Inconclusive", "Aborted"})


def verification_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def verify(asked: Asked) -> Reply:
        current = await _current(asked)
        await _ask(context, asked, REVERIFY, str(current["id"]))
        return Reply()

    async def abort(asked: Asked) -> Reply:
        """A finished verification stays unchanged."""
        current = await _current(asked)
        if current.get("phase") not in TERMINAL:
            await _ask(context, asked, ABORT, str(current["id"]))
        return Reply()

    needs = within("stages", "patch", mutates=True)
    return (
        Endpoint(method="POST", path=f"{ONE}/verification", needs=needs, answer=verify),
        Endpoint(method="POST", path=f"{ONE}/verification/abort", needs=needs, answer=abort),
    )


async def _current(asked: Asked) -> JsonObject:
    """The newest verification of the Stage's Freight. Raises Fault 500 if there is none, as recorded from upstream."""
    await asked.access.permit("patch", STAGES, asked.key("stage"))
    stage = await asked.objects.find(STAGES, asked.key("stage"))
    history = ((stage or {}).get("status") or {}).get("freightHistory") or [{}]
    found: JsonObject = (history[0].get("verificationHistory") or [{}])[0]
    if not history[0].get("items") or not found.get("id"):
        raise Fault(500, "internal server error")
    return found


async def _ask(context: ServerContext, asked: Asked, annotation: str, verification: str) -> None:
    request = json.dumps({"id": verification, "actor": asked.identity.actor}, separators=(",", ":"))
    patch = {"metadata": {"annotations": {annotation: request}}}
    key = asked.key("stage")
    await context.control_plane.write(
        requests.patch(STAGES, Key(key.namespace, key.name), patch, PatchType.MERGE, manager=MANAGER)
    )
