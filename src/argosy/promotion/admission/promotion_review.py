"""Builds a Promotion from its Stage's current state: its name, Freight, inlined tasks and inferred intent."""

from __future__ import annotations

from datetime import datetime

from argosy.apis.kargo import Freight, ProjectConfig, Promotion, PromotionRequest, PromotionTask, Stage
from argosy.apis.kargo.steps import Steps
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.admission import promotions
from argosy.promotion.admission.context import AdmissionContext
from argosy.promotion.admission.faults import FieldFault, forbidden, invalid
from argosy.promotion.admission.request import Request, refuse
from argosy.promotion.events import actor_of, promotion_event
from argosy.promotion.freight.availability import availability
from argosy.promotion.kinds import CLUSTER_PROMOTION_TASKS, PROMOTION_TASKS
from argosy.promotion.promotions.naming import ulid
from argosy.promotion.stages.candidates import candidates, eligible
from argosy.promotion.stages.policies import PolicyError, auto_promotion_enabled
from argosy.runtime.chance import Rng


class Ulids:
    """ULIDs of the same moment ascend, so that Promotions run in the order in which they were requested."""

    def __init__(self) -> None:
        self._last = (0, 0)

    def next(self, now: datetime, rng: Rng) -> str:
        moment = int(now.timestamp() * 1000)
        last, bits = self._last
        # The highest bit stays free for incrementing.
        fresh = int.from_bytes(rng.token_bytes(10), "big") >> 1
        self._last = (moment, bits + 1) if moment == last else (moment, fresh)
        return ulid(now, self._last[1])


class PromotionReview:
    def __init__(self, context: AdmissionContext, applications: str) -> None:
        """`applications`: the default namespace for Applications that a step names."""
        self._context = context
        self._applications = applications
        self._ulids = Ulids()

    async def default(self, request: Request) -> JsonObject:
        if request.old is not None and not request.creates:
            return promotions.changed(
                request.obj, request.old, self._context.actor(request), control_plane=self._context.is_ours(request)
            )
        spec = read(Promotion, request.obj).spec
        if not spec.freight and not (spec.origin and spec.origin.raw):
            return request.obj  # the schema's rule reports the error
        name = spec.stage
        stage = await self._context.view(Stage, Key(request.namespace, name)) if name else None
        if stage is None:
            message = f'could not find Stage "{name}" in namespace "{request.namespace}"'
            raise invalid("Promotion", "", [FieldFault("spec.stage", message, name)])
        config = await self._context.view(ProjectConfig, Key(request.namespace, request.namespace))
        everything = await self._context.views(Freight, request.namespace)
        now = self._context.clock.now()
        choice = {
            origin: one.metadata.name for origin, one in candidates(stage, eligible(stage, everything, now)).items()
        }
        chosen = spec.freight or choice.get(str(spec.origin)) or ""
        if not chosen:
            origin = str(spec.origin)
            message = f'no auto-promotion candidate found for origin "{origin}" on Stage "{name}"'
            raise invalid("Promotion", "", [FieldFault("spec.origin", message, origin)])
        tasks = await self._tasks(stage, request.namespace)
        ours = self._context.is_ours(request)
        actor = "" if ours else self._context.actor(request)
        given = request.obj["metadata"].get("name") or ""
        # Our own server chooses the name, so that a repeated request creates one. Other clients' names are replaced.
        part = (
            given
            if ours and given.startswith(f"{name}.") and given.count(".") >= 2
            else self._ulids.next(now, self._context.rng)
        )
        built = promotions.built(request.obj, stage, chosen, actor, part, lambda kind, task: tasks.get((kind, task)))
        if self._context.is_ours(request) and not self._is_from_a_user(built):
            return built
        piece = next((one for one in everything if one.metadata.name == chosen), None)
        wanted = choice.get(str(piece.origin)) if piece else None
        return promotions.with_intent(built, piece, wanted or "", enabled=enabled(config, stage))

    def _is_from_a_user(self, obj: JsonObject) -> bool:
        """Created by our server on behalf of a user, as the actor says."""
        actor = (obj["metadata"].get("annotations") or {}).get("kargo.akuity.io/create-actor") or ""
        return bool(actor) and not actor.startswith("controller:")

    async def _tasks(self, stage: Stage, namespace: str) -> dict[tuple[str, str], Steps]:
        found: dict[tuple[str, str], Steps] = {}
        for task in (step.task for step in stage.spec.steps if step.task):
            is_of_cluster = task.full_kind == "ClusterPromotionTask"
            resource = CLUSTER_PROMOTION_TASKS if is_of_cluster else PROMOTION_TASKS
            key = Key("" if is_of_cluster else namespace, task.name)
            if (one := await self._context.reading.get(resource, key)) is not None:
                found[task.full_kind, task.name] = read(PromotionTask, one).spec
        return found

    async def check(self, request: Request) -> None:
        obj, promotion = request.obj, read(Promotion, request.obj)
        if request.subresource:
            return
        await self._check_right(request, promotion.spec.stage)
        if request.operation == "DELETE":
            return
        if request.old is not None and not request.creates:
            refuse(request, promotions.validate_change(obj, request.old))
            return
        stage = await self._context.view(Stage, Key(request.namespace, promotion.spec.stage))
        piece = await self._context.view(Freight, Key(request.namespace, promotion.spec.freight))
        is_available = bool(stage and piece and availability(stage, piece, self._context.clock.now()))
        targets = stage.spec.targets.selectors if stage and stage.spec.targets else ()
        faults = promotions.validate_new(obj, available=is_available, targets=targets)
        refuse(request, [*await self._context.outside(request), *faults])
        actor = actor_of(promotion)
        if actor and not request.dry_run:
            message = f'Promotion created for Stage "{promotion.spec.stage}" by "{actor}"'
            event = promotion_event(promotion, piece, "PromotionCreated", message, applications=self._applications)
            await self._context.announce(event, "promotion-webhook")

    async def _check_right(self, request: Request, stage: str) -> None:
        if not await self._context.may_promote(request, stage):
            verb = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete"}[request.operation]
            name = request.obj["metadata"].get("name") or ""
            why = f'subject "{request.user.get("username")}" is not permitted to {verb} Promotions for Stage "{stage}"'
            raise forbidden("promotions", name, why)

    async def check_request(self, request: Request) -> None:
        if not request.creates:
            return
        name = read(PromotionRequest, request.obj).spec.stage
        stage = await self._context.view(Stage, Key(request.namespace, name))
        if stage is not None and not (stage.spec.targets and stage.spec.targets.selectors):
            message = (
                f'Stage "{name}" does not select Targets; '
                "it is promoted to with a Promotion rather than a PromotionRequest"
            )
            refuse(request, [FieldFault("spec.stage", message, name)])


def enabled(config: ProjectConfig | None, stage: Stage) -> bool:
    try:
        return auto_promotion_enabled(config.spec.promotion_policies if config else (), stage)
    except PolicyError:
        return False
