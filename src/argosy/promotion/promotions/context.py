"""The context of a Promotion's step: what is known before it, and what it is given, for a run or a preview."""

from __future__ import annotations

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.artifacts import FreightCollection
from argosy.machinery import timestamps
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject
from argosy.promotion.events import actor_of
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
    promotion: Promotion,
    stage: Stage,
    freight: Freight,
    held: FreightCollection,
) -> Context:
    """`held`: the collection that the Stage will hold."""
    metadata = promotion.metadata
    view = FreightView(
        snapshot,
        metadata.namespace,
        list(held.items.values()),
        [request.origin.name for request in stage.spec.requested_freight],
        settings.shared_namespace,
    )
    return Context(
        project=metadata.namespace,
        stage=promotion.spec.stage,
        promotion=metadata.name,
        view=view,
        target={"name": freight.metadata.name, "alias": freight.alias, "origin": freight.origin.raw},
        actor=actor_of(promotion).partition(":")[2] or actor_of(promotion),
        ui_url=settings.ui_url,
        applications=settings.applications,
        rollback=metadata.annotations.get(ROLLBACK) == "true",
        variables=promotion.spec.vars,
    )


def job_of(promotion: Promotion, context: Context, execution: Execution, config: JsonObject) -> Job:
    """The current step's."""
    step = execution.steps[execution.current]
    started = promotion.status.started_at
    return Job(
        project=context.project,
        stage=context.stage,
        promotion=context.promotion,
        uid=promotion.metadata.uid,
        alias=step.as_,
        uses=step.uses,
        config=config,
        actor=context.actor,
        ui_url=context.ui_url,
        applications=context.applications,
        output=execution.state.get(step.as_),
        freight=[one.raw for one in context.view.references],
        origins=context.view.origins,
        target=context.target,
        started_at=timestamps.parse(started) if started else None,
    )


def collected(stage: Stage, freight: Freight) -> FreightCollection:
    """What the Stage will hold: the new piece, and for other requested origins what was promoted last.

    If the last Promotion produced no collection, the Stage keeps what it holds (kargo#6810).
    """
    wanted = {str(request.origin) for request in stage.spec.requested_freight}
    present = stage.status.last_result.freight_collection or stage.status.held if len(wanted) > 1 else None
    kept = [item for origin, item in present.items.items() if origin in wanted] if present else []
    return collection([*kept, reference(freight)])
