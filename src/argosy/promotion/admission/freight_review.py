"""Freight is named by its content, has an alias, is approved by users who may promote, and is kept while in use."""

from __future__ import annotations

from argosy.apis.kargo import Freight, Stage, Warehouse
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.admission import freight as freight_rules
from argosy.promotion.admission.aliases import drawn
from argosy.promotion.admission.context import AdmissionContext
from argosy.promotion.admission.faults import forbidden
from argosy.promotion.admission.request import Request, refuse
from argosy.promotion.events import freight_event
from argosy.promotion.names import ALIAS


class FreightReview:
    def __init__(self, context: AdmissionContext) -> None:
        self._context = context

    async def default(self, request: Request) -> JsonObject:
        alias = ""
        if request.creates and not request.obj.get("alias"):
            taken = {one.metadata.labels.get(ALIAS) for one in await self._context.views(Freight)}
            alias = drawn(lambda n: int(self._context.rng.uniform(0, n)), lambda name: name in taken)
        now = timestamps.seconds(self._context.clock.now())
        return freight_rules.default(request.obj, alias, now, creating=request.creates)

    async def check(self, request: Request) -> None:
        if request.operation == "DELETE":
            return await self._check_deletion(request)
        if request.subresource:
            return await self._check_approval(request)
        obj, piece = request.obj, read(Freight, request.obj)
        others = await self._context.views(Freight, request.namespace, f"{ALIAS}={piece.alias}")
        if request.old is not None and not request.creates:
            return freight_rules.validate_change(obj, request.old, others)
        warehouse = await self._context.view(Warehouse, Key(request.namespace, piece.origin.name))
        return refuse(
            request, [*await self._context.outside(request), *freight_rules.validate_new(obj, warehouse, others)]
        )

    async def _check_approval(self, request: Request) -> None:
        """Approving Freight for a Stage needs the right to promote there, also by a plain patch of the status."""
        piece, before = read(Freight, request.obj), read(Freight, request.old or {})
        for stage in sorted(set(piece.status.approved_for) - set(before.status.approved_for)):
            if not await self._context.may_promote(request, stage):
                why = (
                    f'subject "{request.user.get("username")}" is not permitted to approve Freight for Stage "{stage}"'
                )
                raise forbidden("freights", request.name, why)
            actor = self._context.actor(request)
            message = f'Freight approved for Stage "{stage}" by "{actor}"'
            event = freight_event(piece, "FreightApproved", message, actor, stage_name=stage)
            if not request.dry_run and not self._context.is_ours(request):  # our server records who asked it
                await self._context.announce(event, "freight-webhook")

    async def _check_deletion(self, request: Request) -> None:
        users = freight_rules.users_of(request.name, await self._context.views(Stage, request.namespace))
        if users:
            listed = ", ".join(f'"{name}"' for name in users)
            raise forbidden("freights", request.name, f"freight is in-use by stages ({listed})")
