"""Approves Freight for a Stage, which requires the right to promote to it."""

from __future__ import annotations

from argosy.apis.kargo import Freight, Stage
from argosy.apis.schema import read
from argosy.machinery import requests, timestamps
from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key
from argosy.promotion.events import freight_event
from argosy.promotion.kinds import FREIGHT, STAGES
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.kargo.access import MANAGER
from argosy.server.kargo.core.freight import ONE, by_name_or_alias
from argosy.server.kargo.endpoint import ApiRequest, Endpoint, Reply
from argosy.server.kargo.faults import invalid


def approving_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    async def approve(request: ApiRequest) -> Reply:
        name = request.one("stage")
        if not name:
            raise invalid("stage query parameter is required")
        piece = read(Freight, await by_name_or_alias(request))
        stage = read(Stage, await request.objects.read(STAGES, Key(request.project, name)))
        await request.access.permit("promote", STAGES, Key(request.project, name))
        if stage.request_of(piece.origin) is None:
            raise invalid(f'Stage "{name}" does not request Freight from origin "{piece.origin}"')
        if piece.status.is_approved_for(name):
            return Reply()
        key = Key(request.project, piece.metadata.name)
        await request.access.permit("patch", FREIGHT, key, subresource="status")
        patch = {"status": {"approvedFor": {name: {"approvedAt": timestamps.seconds(context.clock.now())}}}}
        await context.control_plane.write(
            requests.patch(
                FREIGHT, Key(key.namespace, key.name), patch, PatchType.MERGE, subresource="status", manager=MANAGER
            )
        )
        message = f'Freight approved for Stage "{name}" by "{request.identity.actor}"'
        event = freight_event(piece, "FreightApproved", message, request.identity.actor, stage_name=name)
        context.events.record(piece.raw, event.reason, event.message, annotations=event.annotations)
        return Reply()

    needs = within("stages", "promote", mutates=True)
    return (Endpoint(method="POST", path=f"{ONE}/approve", needs=needs, answer=approve),)
