"""Phase and message, as stored and as clients show them; and the text of a step. Sections 9.1 and 1.2."""

from __future__ import annotations

from argosy.apis.rollouts import CanaryStep, Rollout, RolloutSpec, RolloutStatus
from argosy.machinery import timestamps
from argosy.rollouts.status.conditions import ABORTED, TIMED_OUT, is_completed

PROGRESSING, HEALTHY, PAUSED, DEGRADED = "Progressing", "Healthy", "Paused", "Degraded"
FINAL = frozenset({"Successful", "Failed", "Error", "Inconclusive"})
"""Final phases of analyses and experiments."""
Phase = tuple[str, str]


def stored_phase(spec: RolloutSpec, status: RolloutStatus) -> Phase:
    """What the controller writes: the first case that applies."""
    return _failure(status) or _waiting(spec, status) or _strategy(spec, status) or (HEALTHY, "")


def shown_phase(rollout: Rollout) -> Phase:
    """What clients show: they ignore a status that has not observed the spec."""
    status = rollout.status
    observed = status.observed_generation
    if observed.isdecimal() and int(observed) < rollout.generation:
        return PROGRESSING, "waiting for rollout spec update to be observed"
    if status.controller_pause and not status.pause_conditions:
        return PROGRESSING, "waiting for rollout to unpause"
    if not _workload_is_observed(rollout):
        return PROGRESSING, "waiting for rollout spec update to be observed for the reference workload"
    return (status.phase, status.message) if status.phase else stored_phase(rollout.spec, status)


def _workload_is_observed(rollout: Rollout) -> bool:
    noted = rollout.annotations.get("rollout.argoproj.io/workload-generation", "")
    observed = rollout.status.workload_observed_generation
    return not noted.isdecimal() or not observed.isdecimal() or noted == observed


def _failure(status: RolloutStatus) -> Phase | None:
    for condition in status.conditions:
        if condition.type == "InvalidSpec":
            return DEGRADED, f"InvalidSpec: {condition.message}"
        if condition.reason in (ABORTED, TIMED_OUT):
            return DEGRADED, f"{condition.reason}: {condition.message}"
    return None


def _waiting(spec: RolloutSpec, status: RolloutStatus) -> Phase | None:
    if spec.paused:
        return PAUSED, "manually paused"
    if status.pause_conditions:
        return PAUSED, status.pause_conditions[0].reason
    if is_restarting(spec, status):
        return PROGRESSING, "rollout is restarting"
    if status.updated_replicas < (1 if spec.replicas is None else spec.replicas):
        return PROGRESSING, "more replicas need to be updated"
    if status.available_replicas < status.updated_replicas:
        return PROGRESSING, "updated replicas are still becoming available"
    return None


def is_restarting(spec: RolloutSpec, status: RolloutStatus) -> bool:
    """Whether a restart was requested and is not done."""
    if not spec.restart_at:
        return False
    return not status.restarted_at or timestamps.parse(spec.restart_at) != timestamps.parse(status.restarted_at)


def _strategy(spec: RolloutSpec, status: RolloutStatus) -> Phase | None:
    if spec.strategy.blue_green is not None:
        return _blue_green(spec, status)
    if spec.strategy.canary is None:
        return None
    if spec.strategy.canary.traffic_routing is None and status.replicas > status.updated_replicas:
        return PROGRESSING, "old replicas are pending termination"
    return None if is_completed(status) else (PROGRESSING, "waiting for all steps to complete")


def _blue_green(spec: RolloutSpec, status: RolloutStatus) -> Phase | None:
    active = status.blue_green.active_selector
    if not active or active != status.current_pod_hash:
        return PROGRESSING, "active service cutover pending"
    if is_completed(status):
        return None
    run = status.blue_green.post_promotion_analysis_run_status
    strategy = spec.strategy.blue_green
    analysed = strategy is not None and strategy.post_promotion_analysis is not None
    if analysed and (run is None or run.status not in FINAL):
        return PROGRESSING, "waiting for analysis to complete"
    return PROGRESSING, "waiting for post-promotion verification to complete"


def step_text(step: CanaryStep) -> str:
    """A step's name in events and output."""
    if step.set_weight is not None:
        return f"setWeight: {step.set_weight}"
    if step.pause is not None:
        return "pause" if step.pause.duration is None else f"pause: {step.pause.duration}"
    if step.experiment is not None:
        return "experiment"
    if step.analysis is not None:
        return "analysis"
    if step.set_canary_scale is not None and (text := _scale_text(step)):
        return text
    if step.plugin is not None:
        return f"plugin: {step.plugin.name}"
    if step.set_header_route is not None:
        return f"setHeaderRoute: {step.set_header_route.name}"
    if step.set_mirror_route is not None:
        return f"setMirrorRoute: {step.set_mirror_route.name}"
    return "invalid"


def _scale_text(step: CanaryStep) -> str:
    scale = step.set_canary_scale
    if scale is None:
        return ""
    if scale.weight is not None:
        return f"setCanaryScale{{weight: {scale.weight}}}"
    if scale.match_traffic_weight:
        return "setCanaryScale{matchTrafficWeight: true}"
    return f"setCanaryScale{{replicas: {scale.replicas}}}" if scale.replicas is not None else ""
