"""Describes the gates that a change must still pass after the steps of its Promotion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from argosy.apis.argoproj import Application
from argosy.apis.kargo import Stage
from argosy.apis.rollouts import CanaryStep, Rollout

Named = Mapping[tuple[str, str], Rollout]
"""By namespace and name."""


def gates(
    stage: Stage, stages: Iterable[Stage], touched: Iterable[Application] = (), rollouts: Named | None = None
) -> list[str]:
    """`touched`: the Applications that the Promotion updates or waits for."""
    found = [line for application in touched for line in _of_application(application, rollouts or {})]
    verification = stage.spec.verification
    if names := [one.name for one in verification.analysis_templates] if verification else []:
        found.append(f"verification by {', '.join(names)}")
    found = found or ["the Stage is verified as soon as it is healthy"]
    return [*_queue(stage), *found, *_downstream(stage, stages)]


def _queue(stage: Stage) -> Iterable[str]:
    if current := stage.status.current_promotion:
        yield f"before it begins, Promotion {current.name} of this Stage must end"


def _of_application(application: Application, rollouts: Named) -> Iterable[str]:
    yield f"Application {application.metadata.name} must be healthy"
    for one in application.status.resources:
        rollout = rollouts.get((one.namespace, one.name))
        if one.kind == "Rollout" and rollout is not None:
            yield f"Rollout {one.name}: {_strategy(rollout)}"


def _strategy(rollout: Rollout) -> str:
    strategy = rollout.spec.strategy
    if strategy.blue_green is not None:
        by_itself = strategy.blue_green.auto_promotion_enabled is not False
        return "blue-green, switched " + ("by itself" if by_itself else "when promoted by hand")
    steps = [_step(one) for one in strategy.canary.steps] if strategy.canary else []
    return f"a canary of {len(steps)} steps: {', '.join(steps)}" if steps else "a canary without steps"


def _step(step: CanaryStep) -> str:
    if step.set_weight is not None:
        return f"{step.set_weight} %"
    if step.pause is not None:
        return f"pause of {step.pause.duration}" if step.pause.duration else "pause until promoted by hand"
    if step.analysis is not None:
        return f"analysis by {' and '.join(one.template_name for one in step.analysis.templates)}"
    return next(iter(step.raw), "nothing")


def _downstream(stage: Stage, stages: Iterable[Stage]) -> Iterable[str]:
    for other in stages:
        for request in other.spec.requested_freight:
            if stage.metadata.name in request.sources.stages:
                soak = f" after {request.sources.required_soak_time}" if request.sources.required_soak_time else ""
                others = [name for name in request.sources.stages if name != stage.metadata.name]
                needs_all = bool(others) and request.sources.availability_strategy == "All"
                also = f" once {' and '.join(others)} verified it, too" if needs_all else ""
                yield f"then {other.metadata.name} may have it{soak}{also}, {_how(other, str(request.origin))}"


def _how(stage: Stage, origin: str) -> str:
    if not stage.spec.steps:
        return "and passes it on at once"
    if not stage.status.auto_promotion_enabled:
        return "when promoted by hand"
    if hold := stage.status.effective_auto_promotion_holds.get(origin):
        return f"when promoted by hand: auto-promotion is held by {hold.actor or hold.promotion_name}"
    return "by itself"
