"""What a Promotion knows when it comes to a step, and what the step is given: for running it, and for a preview."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.machinery import timestamps
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject
from argosy.promotion.events import actor_of
from argosy.promotion.freight.availability import origin_text
from argosy.promotion.freight.references import collection, reference
from argosy.promotion.names import ROLLBACK
from argosy.promotion.promotions.evaluation import Context
from argosy.promotion.promotions.execution import Execution
from argosy.promotion.promotions.functions import FreightView
from argosy.promotion.settings import Settings
from argosy.promotion.steps.kind import Job


def context_of(
    snapshot: Snapshot,
    settings: Settings,
    promotion: JsonObject,
    stage: JsonObject,
    freight: JsonObject,
    held: JsonObject,
) -> Context:
    """`held`: the collection that the Stage comes to hold."""
    requests = stage["spec"].get("requestedFreight") or ()
    metadata = promotion["metadata"]
    view = FreightView(
        snapshot,
        metadata["namespace"],
        list((held.get("items") or {}).values()),
        [request["origin"]["name"] for request in requests],
        settings.shared_namespace,
    )
    return Context(
        project=metadata["namespace"],
        stage=promotion["spec"]["stage"],
        promotion=metadata["name"],
        view=view,
        target={
            "name": freight["metadata"]["name"],
            "alias": freight.get("alias") or "",
            "origin": freight.get("origin") or {},
        },
        actor=actor_of(promotion).partition(":")[2] or actor_of(promotion),
        ui_url=settings.ui_url,
        applications=settings.applications,
        rollback=(metadata.get("annotations") or {}).get(ROLLBACK) == "true",
        variables=promotion["spec"].get("vars") or (),
    )


def job_of(promotion: JsonObject, context: Context, execution: Execution, config: JsonObject) -> Job:
    """The present step's."""
    step = execution.steps[execution.current]
    started = (promotion.get("status") or {}).get("startedAt")
    return Job(
        project=context.project,
        stage=context.stage,
        promotion=context.promotion,
        uid=promotion["metadata"]["uid"],
        alias=step["as"],
        uses=step["uses"],
        config=config,
        actor=context.actor,
        ui_url=context.ui_url,
        applications=context.applications,
        output=execution.state.get(step["as"]),
        freight=context.view.references,
        origins=context.view.origins,
        target=context.target,
        started_at=timestamps.parse(started) if started else None,
    )


def collected(stage: JsonObject, freight: JsonObject) -> JsonObject:
    """What the Stage will hold: of other origins that it still requests what was promoted last, and the new piece.

    Where the last Promotion came to no collection, what the Stage holds is kept (kargo#6810).
    """
    wanted = {origin_text(request["origin"]) for request in stage["spec"].get("requestedFreight") or ()}
    present = _last_collection(stage.get("status") or {}) if len(wanted) > 1 else {}
    kept = [item for origin, item in (present.get("items") or {}).items() if origin in wanted]
    return collection([*kept, reference(freight)])


def _last_collection(status: JsonObject) -> JsonObject:
    last = ((status.get("lastPromotion") or {}).get("status") or {}).get("freightCollection")
    history: Sequence[JsonObject] = status.get("freightHistory") or ({},)
    return dict(last or history[0])
