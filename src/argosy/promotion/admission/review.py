"""Answers AdmissionReviews: gathers what a kind's rules need, asks them, and tells the API server.

`Reviewer.answer` is all that a server needs: the embedded one calls it without a socket, `runtime/webhooks/server.py`
behind HTTPS. Reads are live, not cached: a Promotion is built of the Stage as it is now.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.controller import Event
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.patches.jsonpatch import create_json_patch
from argosy.machinery.status import StatusError
from argosy.promotion.admission import configs, freight, promotions, stages, warehouses
from argosy.promotion.admission.aliases import drawn
from argosy.promotion.admission.faults import Denied, FieldFault, forbidden, invalid
from argosy.promotion.admission.reading import Reading
from argosy.promotion.applications import NAMESPACE
from argosy.promotion.events import actor_of, freight_event, promotion_event
from argosy.promotion.freight.availability import availability, origin_text
from argosy.promotion.kinds import (
    CLUSTER_PROMOTION_TASKS,
    FREIGHT,
    NAMESPACES,
    PROJECT_CONFIGS,
    PROMOTION_TASKS,
    STAGES,
    WAREHOUSES,
)
from argosy.promotion.names import ALIAS, FINALIZER, PROJECT
from argosy.promotion.promotions.naming import ulid
from argosy.promotion.stages.candidates import candidates, eligible
from argosy.promotion.stages.policies import PolicyError, auto_promotion_enabled
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock

EVENTS: Final = Resource("", "v1", "events", "Event")
CONTROL_PLANE: Final = r"system:serviceaccount:argosy:.*|system:argosy(:.*)?"


class Ulids:
    """Those of one moment ascend, so that Promotions run in the order in which they were asked for."""

    def __init__(self) -> None:
        self._last = (0, 0)

    def next(self, now: datetime, rng: Rng) -> str:
        moment = int(now.timestamp() * 1000)
        last, bits = self._last
        # The highest bit stays free for counting on.
        fresh = int.from_bytes(rng.token_bytes(10), "big") >> 1
        self._last = (moment, bits + 1) if moment == last else (moment, fresh)
        return ulid(now, self._last[1])


@dataclass(frozen=True, slots=True)
class Request:
    kind: str
    resource: str
    subresource: str
    operation: str
    namespace: str
    name: str
    user: Mapping[str, Any]
    obj: JsonObject
    old: JsonObject | None
    dry_run: bool

    @property
    def creates(self) -> bool:
        return self.operation == "CREATE"


def read(review: JsonObject) -> Request:
    given = review["request"]
    return Request(
        kind=given["kind"]["kind"],
        resource=given["resource"]["resource"],
        subresource=given.get("subResource") or "",
        operation=given["operation"],
        namespace=given.get("namespace") or "",
        name=given.get("name") or "",
        user=given.get("userInfo") or {},
        obj=given.get("object") or given.get("oldObject") or {},
        old=given.get("oldObject"),
        dry_run=bool(given.get("dryRun")),
    )


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
        """`control_plane`: a pattern of user names that are ours. `allow_local`: repositories of this machine.

        `applications`: the namespace of those that a step names without one.
        """
        self._reading, self._clock, self._rng = reading, clock, rng
        self._ours = re.compile(control_plane)
        self._allow_local = allow_local
        self._applications = applications
        self._ulids = Ulids()
        self._defaults: dict[str, Callable[[Request], Awaitable[JsonObject]]] = {
            "Warehouse": self._default_warehouse,
            "Stage": self._default_stage,
            "Freight": self._default_freight,
            "Promotion": self._default_promotion,
        }
        self._checks: dict[str, Callable[[Request], Awaitable[None]]] = {
            "Warehouse": self._check_warehouse,
            "Stage": self._check_stage,
            "Freight": self._check_freight,
            "Promotion": self._check_promotion,
            "Project": self._check_project,
            "ProjectConfig": self._check_project_config,
            "ClusterConfig": self._check_cluster_config,
            "PromotionTask": self._check_task,
            "ClusterPromotionTask": self._check_task,
            "PromotionRequest": self._check_promotion_request,
        }

    async def answer(self, path: str, body: bytes) -> bytes:
        """Of a POST to `/mutate` or `/validate`. A body that is no review is a ValueError."""
        review = json.loads(body)
        request = read(review)
        response: JsonObject = {"uid": review["request"]["uid"], "allowed": True}
        try:
            if path.endswith("/mutate"):
                shaped = await self.mutated(request)
                if shaped != request.obj:
                    patch = json.dumps(create_json_patch(request.obj, shaped)).encode()
                    response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
            else:
                await self.validated(request)
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

    # -- who ---------------------------------------------------------------------------------------------------------

    def _is_ours(self, request: Request) -> bool:
        return self._ours.fullmatch(str(request.user.get("username") or "")) is not None

    def _actor(self, request: Request) -> str:
        return f"kubernetes:{request.user.get('username') or 'unknown'}"

    # -- the kinds ---------------------------------------------------------------------------------------------------

    async def _default_warehouse(self, request: Request) -> JsonObject:
        return warehouses.default(request.obj)

    async def _check_warehouse(self, request: Request) -> None:
        if request.operation != "DELETE" and not request.subresource:
            faults = [*await self._outside(request), *warehouses.validate(request.obj, allow_local=self._allow_local)]
            _refuse(request, faults)

    async def _default_stage(self, request: Request) -> JsonObject:
        return stages.default(request.obj, request.old, self._actor(request), control_plane=self._is_ours(request))

    async def _check_stage(self, request: Request) -> None:
        if request.operation != "DELETE" and not request.subresource:
            _refuse(request, [*await self._outside(request), *stages.validate(request.obj)])

    async def _default_freight(self, request: Request) -> JsonObject:
        alias = ""
        if request.creates and not request.obj.get("alias"):
            taken = {(one["metadata"].get("labels") or {}).get(ALIAS) for one in await self._reading.list(FREIGHT)}
            alias = drawn(lambda n: int(self._rng.uniform(0, n)), lambda name: name in taken)
        now = timestamps.seconds(self._clock.now())
        return freight.default(request.obj, alias, now, creating=request.creates)

    async def _check_freight(self, request: Request) -> None:
        if request.operation == "DELETE":
            return await self._check_freight_deletion(request)
        if request.subresource:
            return await self._check_approval(request)
        obj = request.obj
        others = await self._reading.list(FREIGHT, request.namespace, f"{ALIAS}={obj.get('alias') or ''}")
        if request.old is not None and not request.creates:
            return freight.validate_change(obj, request.old, others)
        warehouse = await self._reading.get(
            WAREHOUSES, Key(request.namespace, (obj.get("origin") or {}).get("name") or "")
        )
        return _refuse(request, [*await self._outside(request), *freight.validate_new(obj, warehouse, others)])

    async def _check_approval(self, request: Request) -> None:
        """Approving Freight for a Stage takes the right to promote there, also by a plain patch of the status."""
        before = ((request.old or {}).get("status") or {}).get("approvedFor") or {}
        after = (request.obj.get("status") or {}).get("approvedFor") or {}
        for stage in sorted(set(after) - set(before)):
            if not self._is_ours(request) and not await self._reading.may(
                request.user, "promote", STAGES, request.namespace, stage
            ):
                why = (
                    f'subject "{request.user.get("username")}" is not permitted to approve Freight for Stage "{stage}"'
                )
                raise forbidden("freights", request.name, why)
            actor = self._actor(request)
            message = f'Freight approved for Stage "{stage}" by "{actor}"'
            event = freight_event(request.obj, "FreightApproved", message, actor, stage_name=stage)
            if not request.dry_run and not self._is_ours(request):  # our server tells whom it acted for
                await self._announce(event, "freight-webhook")

    async def _check_freight_deletion(self, request: Request) -> None:
        users = freight.users_of(request.name, await self._reading.list(STAGES, request.namespace))
        if users:
            listed = ", ".join(f'"{name}"' for name in users)
            raise forbidden("freights", request.name, f"freight is in-use by stages ({listed})")

    async def _default_promotion(self, request: Request) -> JsonObject:
        if request.old is not None and not request.creates:
            return promotions.changed(
                request.obj, request.old, self._actor(request), control_plane=self._is_ours(request)
            )
        spec = request.obj.get("spec") or {}
        if bool(spec.get("freight")) == bool(spec.get("origin")) and not spec.get("freight"):
            return request.obj  # the schema's rule says what is wrong with it
        name = spec.get("stage") or ""
        stage = await self._reading.get(STAGES, Key(request.namespace, name)) if name else None
        if stage is None:
            message = f'could not find Stage "{name}" in namespace "{request.namespace}"'
            raise invalid("Promotion", "", [FieldFault("spec.stage", message, name)])
        config = await self._reading.get(PROJECT_CONFIGS, Key(request.namespace, request.namespace))
        everything = await self._reading.list(FREIGHT, request.namespace)
        now = self._clock.now()
        choice = {
            origin: one["metadata"]["name"]
            for origin, one in candidates(stage, eligible(stage, everything, now)).items()
        }
        chosen = spec.get("freight") or choice.get(origin_text(spec.get("origin") or {})) or ""
        if not chosen and spec.get("origin"):
            origin = origin_text(spec["origin"])
            message = f'no auto-promotion candidate found for origin "{origin}" on Stage "{name}"'
            raise invalid("Promotion", "", [FieldFault("spec.origin", message, origin)])
        tasks = await self._tasks(stage, request.namespace)
        ours = self._is_ours(request)
        actor = "" if ours else self._actor(request)
        given = request.obj["metadata"].get("name") or ""
        # Ours names it itself, so that asking twice makes one. Everybody else's name is replaced.
        part = (
            given
            if ours and given.startswith(f"{name}.") and given.count(".") >= 2
            else self._ulids.next(now, self._rng)
        )
        built = promotions.built(request.obj, stage, chosen, actor, part, lambda kind, task: tasks.get((kind, task)))
        if self._is_ours(request) and not self._is_from_a_user(built):
            return built
        piece = next((one for one in everything if one["metadata"]["name"] == chosen), None)
        wanted = choice.get(origin_text(piece["origin"])) if piece else None
        return promotions.with_intent(built, piece, wanted or "", enabled=_enabled(config, stage))

    def _is_from_a_user(self, obj: JsonObject) -> bool:
        """Written by our server for somebody, as its actor says."""
        actor = (obj["metadata"].get("annotations") or {}).get("kargo.akuity.io/create-actor") or ""
        return bool(actor) and not actor.startswith("controller:")

    async def _tasks(self, stage: JsonObject, namespace: str) -> dict[tuple[str, str], JsonObject]:
        found: dict[tuple[str, str], JsonObject] = {}
        for step in ((stage["spec"].get("promotionTemplate") or {}).get("spec") or {}).get("steps") or ():
            if task := step.get("task"):
                kind, name = task.get("kind") or "PromotionTask", task.get("name") or ""
                resource = CLUSTER_PROMOTION_TASKS if kind == "ClusterPromotionTask" else PROMOTION_TASKS
                key = Key("" if kind == "ClusterPromotionTask" else namespace, name)
                if (one := await self._reading.get(resource, key)) is not None:
                    found[kind, name] = one
        return found

    async def _check_promotion(self, request: Request) -> None:
        obj = request.obj
        if request.subresource:
            return
        await self._check_right(request, (obj.get("spec") or {}).get("stage") or "")
        if request.operation == "DELETE":
            return
        if request.old is not None and not request.creates:
            _refuse(request, promotions.validate_change(obj, request.old))
            return
        stage = await self._reading.get(STAGES, Key(request.namespace, obj["spec"]["stage"]))
        piece = await self._reading.get(FREIGHT, Key(request.namespace, obj["spec"].get("freight") or ""))
        is_available = bool(stage and piece and availability(stage, piece, self._clock.now()))
        targets = ((stage or {}).get("spec", {}).get("targets") or {}).get("selectors") or []
        faults = promotions.validate_new(obj, available=is_available, targets=targets)
        _refuse(request, [*await self._outside(request), *faults])
        actor = actor_of(obj)
        if actor and not request.dry_run:
            message = f'Promotion created for Stage "{obj["spec"]["stage"]}" by "{actor}"'
            event = promotion_event(obj, piece, "PromotionCreated", message, applications=self._applications)
            await self._announce(event, "promotion-webhook")

    async def _announce(self, event: Event, component: str) -> None:
        """An Event is worth no failure of the write that it is about."""
        about, now = event.about, timestamps.seconds(self._clock.now())
        metadata = about["metadata"]
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{metadata['name'][:230]}.{self._rng.suffix(10)}",
                "namespace": metadata["namespace"],
                "annotations": dict(event.annotations),
            },
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "uid": metadata.get("uid") or "",
            },
            "reason": event.reason,
            "message": event.message,
            "type": event.type,
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": component,
        }
        with contextlib.suppress(StatusError):
            await self._reading.create(EVENTS, body)

    async def _check_right(self, request: Request, stage: str) -> None:
        """The verb `promote` on the Stage, for everybody but the control plane."""
        if self._is_ours(request):
            return
        if not await self._reading.may(request.user, "promote", STAGES, request.namespace, stage):
            verb = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete"}[request.operation]
            name = request.obj["metadata"].get("name") or ""
            why = f'subject "{request.user.get("username")}" is not permitted to {verb} Promotions for Stage "{stage}"'
            raise forbidden("promotions", name, why)

    async def _check_project(self, request: Request) -> None:
        """Its namespace is made at once, so that what follows in the same manifest finds it."""
        if not request.creates or request.dry_run:
            return
        name = request.obj["metadata"]["name"]
        space = await self._reading.get(NAMESPACES, Key("", name))
        if space is None:
            metadata = {"name": name, "labels": {PROJECT: "true"}, "finalizers": [FINALIZER]}
            try:
                await self._reading.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
            except StatusError as error:
                raise Denied(error.code, error.reason, str(error)) from None
            return
        if (space["metadata"].get("labels") or {}).get(PROJECT) != "true":
            raise _conflict(name, f'namespace "{name}" already exists and is not labeled as a Project namespace using '
                            f'label "{PROJECT}"')  # fmt: skip
        if space["metadata"].get("deletionTimestamp"):
            raise _conflict(name, f'namespace "{name}" is still being terminated')

    async def _check_project_config(self, request: Request) -> None:
        if request.operation == "DELETE" or request.subresource:
            return
        if not await self._is_project(request.namespace):
            why = f'namespace "{request.namespace}" does not belong to Kargo project (missing "{PROJECT}" label)'
            raise forbidden("projectconfigs", request.obj["metadata"]["name"], why)
        _refuse(request, configs.project_config(request.obj))

    async def _check_cluster_config(self, request: Request) -> None:
        if request.operation != "DELETE" and not request.subresource:
            _refuse(request, configs.cluster_config(request.obj))

    async def _check_task(self, request: Request) -> None:
        if request.operation == "DELETE":
            return
        outside = await self._outside(request) if request.kind == "PromotionTask" else []
        _refuse(request, [*outside, *configs.task(request.obj)])

    async def _check_promotion_request(self, request: Request) -> None:
        if not request.creates:
            return
        name = (request.obj.get("spec") or {}).get("stage") or ""
        stage = await self._reading.get(STAGES, Key(request.namespace, name))
        if stage is not None and not ((stage["spec"].get("targets") or {}).get("selectors")):
            message = (
                f'Stage "{name}" does not select Targets; '
                "it is promoted to with a Promotion rather than a PromotionRequest"
            )
            _refuse(request, [FieldFault("spec.stage", message, name)])

    async def _outside(self, request: Request) -> list[FieldFault]:
        """Kargo's objects belong into namespaces of Projects."""
        if not request.creates or await self._is_project(request.namespace):
            return []
        message = f'namespace "{request.namespace}" is not a project'
        return [FieldFault("metadata.namespace", message, request.namespace)]

    async def _is_project(self, namespace: str) -> bool:
        space = await self._reading.get(NAMESPACES, Key("", namespace))
        return ((space or {}).get("metadata", {}).get("labels") or {}).get(PROJECT) == "true"


def _conflict(name: str, message: str) -> Denied:
    text = f'Operation cannot be fulfilled on projects.kargo.akuity.io "{name}": {message}'
    return Denied(409, "Conflict", text)


def _refuse(request: Request, faults: list[FieldFault]) -> None:
    if faults:
        raise invalid(request.kind, request.obj["metadata"].get("name") or "", faults)


def _enabled(config: JsonObject | None, stage: JsonObject) -> bool:
    try:
        return auto_promotion_enabled(((config or {}).get("spec") or {}).get("promotionPolicies"), stage)
    except PolicyError:
        return False
