"""A Promotion's evaluated variables and step configurations, for display.

Evaluated with the outputs of finished steps and the current objects. Secrets are masked before the evaluation, so that
values derived from them are not shown either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.apis.kargo import Freight, Promotion, Stage
from argosy.apis.kargo.steps import PromotionStep
from argosy.machinery.objects import JsonObject, Resource
from argosy.promotion.kinds import CONFIG_MAPS, FREIGHT, SECRETS, STAGES, WAREHOUSES
from argosy.promotion.preview.loaded import Loaded
from argosy.promotion.promotions.context import collected, context_of
from argosy.promotion.promotions.evaluation import (
    Context,
    EvaluationFault,
    Progress,
    configuration,
    should_skip,
    variables,
    variables_of_step,
)
from argosy.promotion.settings import Settings
from argosy.promotion.tracing.reading import listed
from argosy.runtime.client import Client

MASK: Final = "Kioq"
"""`***`, encoded as in a Secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedStep:
    """`problem`: why it cannot be evaluated (yet); then the rest is empty."""

    alias: str
    variables: JsonObject
    config: JsonObject
    skipped: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    variables: JsonObject
    steps: Sequence[EvaluatedStep]
    problem: str = ""


async def objects_for(client: Client, settings: Settings, project: str) -> dict[Resource, list[JsonObject]]:
    """The objects that a project's expressions may read, with every value of a Secret masked."""
    found = {kind: list(await listed(client, kind, project)) for kind in (STAGES, FREIGHT, WAREHOUSES)}
    for kind in (CONFIG_MAPS, SECRETS):
        shared = await listed(client, kind, settings.shared_namespace) if settings.shared_namespace else ()
        found[kind] = [*await listed(client, kind, project), *shared]
    found[SECRETS] = [masked(one) for one in found[SECRETS]]
    return found


def masked(secret: JsonObject) -> JsonObject:
    """Only its keys."""
    keys = [*(secret.get("data") or {}), *(secret.get("stringData") or {})]
    return {
        **{name: value for name, value in secret.items() if name != "stringData"},
        "data": dict.fromkeys(keys, MASK),
    }


def evaluated(
    objects: Mapping[Resource, Sequence[JsonObject]],
    settings: Settings,
    promotion: Promotion,
    stage: Stage | None,
    freight: Freight | None,
) -> Evaluated:
    """Pure. `objects`: from `objects_for`."""
    if stage is None or freight is None:
        gone = f"the Stage {promotion.spec.stage}" if stage is None else f"the Freight {promotion.spec.freight}"
        return Evaluated(variables={}, steps=(), problem=f"{gone} is gone: nothing can be evaluated any more")
    held = promotion.status.freight_collection or collected(stage, freight)
    context = context_of(Loaded(objects), settings, promotion, stage, freight, held)
    try:
        own = variables(context, "")
    except EvaluationFault as fault:
        return Evaluated(variables={}, steps=(), problem=str(fault))
    metadata = [dict(one.raw) for one in promotion.status.step_execution_metadata]
    return Evaluated(variables=own, steps=_steps(context, promotion.spec.steps, promotion.status.state, metadata))


def _steps(
    context: Context, steps: Sequence[PromotionStep], state: Mapping[str, Any], metadata: Sequence[JsonObject]
) -> list[EvaluatedStep]:
    found: list[EvaluatedStep] = []
    before: list[str] = []
    for step in steps:
        progress = Progress(
            state={name: output for name, output in state.items() if name in before},
            metadata=[one for one in metadata if one.get("alias") in before],
        )
        found.append(_step(context, step, progress))
        before.append(step.as_)
    return found


def _step(context: Context, step: PromotionStep, progress: Progress) -> EvaluatedStep:
    try:
        return EvaluatedStep(
            alias=step.as_,
            variables=variables_of_step(context, step, progress),
            config=configuration(context, step, progress),
            skipped=should_skip(context, step, progress),
        )
    except EvaluationFault as fault:
        return EvaluatedStep(alias=step.as_, variables={}, config={}, problem=str(fault))
