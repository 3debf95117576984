"""Answers AdmissionReviews: gathers what a kind's rules need, applies them, and returns the response.

A server needs only `Reviewer.answer`: the embedded one calls it without a socket, `runtime/webhooks/server.py` over
HTTPS. Reads are live, not cached: a Promotion is built from the current Stage.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Awaitable, Callable
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.jsonpatch import create_json_patch
from argosy.promotion.admission import configs, stages, warehouses
from argosy.promotion.admission.context import AdmissionContext
from argosy.promotion.admission.faults import Denied
from argosy.promotion.admission.freight_review import FreightReview
from argosy.promotion.admission.project_review import ProjectReview
from argosy.promotion.admission.promotion_review import PromotionReview
from argosy.promotion.admission.reading import Reading
from argosy.promotion.admission.request import Request, refuse, request_of
from argosy.promotion.admission.unapplied import unapplied
from argosy.promotion.applications import NAMESPACE
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock

CONTROL_PLANE: Final = r"system:serviceaccount:argosy:.*|system:argosy(:.*)?"


class Reviewer:
    def __init__(
        self,
        reading: Reading,
        clock: Clock,
        rng: Rng,
        *,
        control_plane: str = CONTROL_PLANE,
        allow_local: bool = False,
        applications: str = NAMESPACE,
    ) -> None:
        """`control_plane`: a pattern for our own user names. `allow_local`: permits repositories on this machine.

        `applications`: the default namespace for Applications that a step names.
        """
        ours = re.compile(control_plane)
        self._context = AdmissionContext(reading, clock, rng, lambda name: ours.fullmatch(name) is not None)
        self._allow_local = allow_local
        freight, projects = FreightReview(self._context), ProjectReview(self._context)
        promotions = PromotionReview(self._context, applications)
        self._defaults: dict[str, Callable[[Request], Awaitable[JsonObject]]] = {
            "Warehouse": self._default_warehouse,
            "Stage": self._default_stage,
            "Freight": freight.default,
            "Promotion": promotions.default,
        }
        self._checks: dict[str, Callable[[Request], Awaitable[None]]] = {
            "Warehouse": self._check_warehouse,
            "Stage": self._check_stage,
            "Freight": freight.check,
            "Promotion": promotions.check,
            "Project": projects.check,
            "ProjectConfig": projects.check_config,
            "ClusterConfig": self._check_cluster_config,
            "PromotionTask": self._check_task,
            "ClusterPromotionTask": self._check_task,
            "PromotionRequest": promotions.check_request,
        }

    async def answer(self, path: str, body: bytes) -> bytes:
        """Answers a POST to `/mutate` or `/validate`. Raises ValueError if the body is not a review."""
        review = json.loads(body)
        request = request_of(review)
        response: JsonObject = {"uid": review["request"]["uid"], "allowed": True}
        try:
            if path.endswith("/mutate"):
                shaped = await self.mutated(request)
                if shaped != request.obj:
                    patch = json.dumps(create_json_patch(request.obj, shaped)).encode()
                    response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
            else:
                await self.validated(request)
                if request.operation != "DELETE" and (warnings := unapplied(request.kind, request.obj)):
                    response["warnings"] = warnings
        except Denied as denied:
            status = {"code": denied.code, "reason": denied.reason, "message": denied.message, "status": "Failure"}
            response |= {"allowed": False, "status": status}
        return json.dumps({**review, "request": None, "response": response}).encode()

    async def mutated(self, request: Request) -> JsonObject:
        """Raises Denied."""
        default = self._defaults.get(request.kind)
        if default is None or request.operation == "DELETE" or request.subresource:
            return request.obj
        return await default(request)

    async def validated(self, request: Request) -> None:
        """Raises Denied."""
        if check := self._checks.get(request.kind):
            await check(request)

    async def _default_warehouse(self, request: Request) -> JsonObject:
        return warehouses.default(request.obj)

    async def _check_warehouse(self, request: Request) -> None:
        if request.operation != "DELETE" and not request.subresource:
            faults = [
                *await self._context.outside(request),
                *warehouses.validate(request.obj, allow_local=self._allow_local),
            ]
            refuse(request, faults)

    async def _default_stage(self, request: Request) -> JsonObject:
        return stages.default(
            request.obj, request.old, self._context.actor(request), control_plane=self._context.is_ours(request)
        )

    async def _check_stage(self, request: Request) -> None:
        if request.operation != "DELETE" and not request.subresource:
            refuse(request, [*await self._context.outside(request), *stages.validate(request.obj)])

    async def _check_cluster_config(self, request: Request) -> None:
        if request.operation != "DELETE" and not request.subresource:
            refuse(request, configs.cluster_config(request.obj))

    async def _check_task(self, request: Request) -> None:
        if request.operation == "DELETE":
            return
        outside = await self._context.outside(request) if request.kind == "PromotionTask" else []
        refuse(request, [*outside, *configs.task(request.obj)])
