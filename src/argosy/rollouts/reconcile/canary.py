"""A turn of a canary, in upstream's order. Section 3, "Canary order"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from argosy.apis.rollouts import CanaryStep
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.rollouts.arithmetic.basic import basic_sizes
from argosy.rollouts.arithmetic.limits import max_unavailable
from argosy.rollouts.arithmetic.progress import at_desired_counts
from argosy.rollouts.arithmetic.routed import routed_sizes
from argosy.rollouts.arithmetic.sums import is_active, is_separate, pod_hash_of, total_available
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.reconcile.durations import spec_changed
from argosy.rollouts.reconcile.ephemeral import sync_metadata
from argosy.rollouts.reconcile.finish import numbers, persist, promote, promote_reason, reset
from argosy.rollouts.reconcile.history import trim_history
from argosy.rollouts.reconcile.references import is_referenced
from argosy.rollouts.reconcile.restarting import restart_pods
from argosy.rollouts.reconcile.revision import sync_new
from argosy.rollouts.reconcile.rollback import is_within_window
from argosy.rollouts.reconcile.scaling import (
    DelayRule,
    clean_up_unhealthy,
    decided_weights,
    remove_deadlines,
    scale,
    scale_new,
)
from argosy.rollouts.reconcile.steps.analyses import phase_of, sync_runs
from argosy.rollouts.reconcile.steps.experiment_step import sync_experiments
from argosy.rollouts.reconcile.steps.pauses import CANARY_STEP, is_halted, pause_of
from argosy.rollouts.reconcile.steps.plugins import step_plugin_is_done, sync_step_plugin
from argosy.rollouts.reconcile.traffic.routing import sync_traffic
from argosy.rollouts.reconcile.traffic.services import sync_ping_pong, sync_stable_and_canary
from argosy.rollouts.reconcile.traffic.target_groups import verify_targets
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.revisions.annotations import has_deadline, newest_first
from argosy.rollouts.routers.port import Router
from argosy.rollouts.status.phase import step_text


def canary_turn(turn: Turn, routers: Sequence[Router]) -> None:
    sync_new(turn)
    if spec_changed(turn):
        sync_status(turn)
        return
    if restart_pods(turn):
        return  # the numbers of available pods are outdated
    sync_metadata(turn)
    trim_history(turn)
    sync_ping_pong(turn)
    sync_stable_and_canary(turn)
    sync_traffic(turn, routers)
    sync_experiments(turn)
    sync_runs(turn)
    if not turn.pauses.added and not scale_sets(turn) and not _pause(turn):
        sync_step_plugin(turn)
    sync_status(turn)


def scale_sets(turn: Turn) -> bool:
    """Whether a size changed: the first change stops it, so that the next turn uses the new numbers."""
    if is_halted(turn.rollout):
        return False
    remove_deadlines(turn)
    return _scale_stable(turn) or scale_new(turn) or _scale_others(turn)


def _scale_stable(turn: Turn) -> bool:
    if not is_separate(turn.new, turn.stable) or turn.stable is None:
        return False
    rollout, canary = turn.rollout, turn.rollout.spec.strategy.canary
    if canary is not None and canary.traffic_routing is not None:
        # By the weights before this turn: stable pods are removed one turn after their traffic.
        size = routed_sizes(rollout, turn.new, turn.stable, rollout.status.canary.weights).stable
    else:
        size = basic_sizes(rollout, turn.new, turn.stable, turn.others).stable
    return scale(turn, turn.stable, size)


def _scale_others(turn: Turn) -> bool:
    """Old ReplicaSets, newest first, within maxUnavailable."""
    rollout, canary = turn.rollout, turn.rollout.spec.strategy.canary
    others = [found for found in turn.others if is_active(found)]
    if not others or canary is None:
        return False
    others, gone = clean_up_unhealthy(turn, others)
    budget = total_available(turn.sets) - (rollout.replicas - max_unavailable(rollout))
    if budget <= 0:
        return False
    if not verify_targets(turn):
        return False  # old pods are kept until the stable ones are known to be reachable
    routed, rule = canary.traffic_routing is not None, DelayRule(turn)
    for found in newest_first(others):
        if routed and is_referenced(turn, found):
            continue
        if budget <= 0:
            break
        if found.replicas == 0:
            continue
        promoted = rollout.status.stable_rs == rollout.status.current_pod_hash
        if not routed:
            size = max(0, found.replicas - budget)
        elif not (promoted or has_deadline(found)) or canary.dynamic_stable_scale:
            size = 0  # of an update that was replaced midway: it gets no traffic
        else:
            size = rule.size(found, found.replicas)
        if size != found.replicas:
            scale(turn, found, size)
            budget -= found.replicas - size
            gone += found.replicas - size
    return gone > 0


def _pause(turn: Turn) -> bool:
    """Whether the current step is a pause that is not over."""
    rollout = turn.rollout
    step, _ = current_step(rollout)
    if rollout.spec.paused or rollout.status.promote_full or step is None or step.pause is None:
        return False
    if pause_of(rollout, CANARY_STEP) is None:
        if not rollout.status.controller_pause:
            turn.pauses.added.append(CANARY_STEP)
        return True
    turn.wake(turn.pauses.end_of_step(step.pause))
    return True


def sync_status(turn: Turn) -> None:
    status = numbers(turn)
    canary = turn.rollout.spec.strategy.canary
    assert canary is not None
    status["selector"] = str(label_selector_of(turn.rollout.spec.selector or {}))
    part = status.setdefault("canary", {})
    stored = turn.rollout.status.canary
    if stored.stable_ping_pong:
        part["stablePingPong"] = stored.stable_ping_pong
    part.setdefault("stepPluginStatuses", [found.raw for found in stored.step_plugin_statuses])
    status["currentStepHash"] = turn.seen.facts.step_hash
    if spec_changed(turn):
        _begin(turn, status)
    else:
        _go_on(turn, status)
    status["canary"] = {name: value for name, value in part.items() if value not in ("", None, [], {})}
    persist(turn, status)


def _begin(turn: Turn, status: JsonObject) -> None:
    """The first status of an update; a rollback to a known revision skips the steps."""
    reset(turn, status)
    canary = turn.rollout.spec.strategy.canary
    if turn.new is None or canary is None or not canary.steps:
        return
    if turn.rollout.status.stable_rs == pod_hash_of(turn.new):
        turn.event("SkipSteps", "Rollback to stable ReplicaSets")
        status["currentStepIndex"] = len(canary.steps)
    elif is_within_window(turn) and is_active(turn.new):
        turn.event("SkipSteps", "Rollback to active ReplicaSets within RollbackWindow")
        status["currentStepIndex"] = len(canary.steps)


def _go_on(turn: Turn, status: JsonObject) -> None:
    """At most one step is completed in a turn."""
    canary = turn.rollout.spec.strategy.canary
    assert canary is not None
    count, (step, index) = len(canary.steps), current_step(turn.rollout)
    if turn.rollout.status.promote_full or is_within_window(turn):
        turn.pauses.clear()
        index = count or index
    status["currentStepIndex"] = index
    if reason := promote_reason(turn, status):
        promote(turn, status, reason)
    elif turn.pauses.is_aborted:
        if count:
            status["currentStepIndex"] = count if status["stableRS"] == status["currentPodHash"] else 0
        else:
            status["currentStepIndex"] = None
    elif step is not None and index is not None and is_complete(turn, step, index, status):
        status["currentStepIndex"] = index + 1
        status["canary"].pop("currentStepAnalysisRunStatus", None)
        turn.event("RolloutStepCompleted", f"Rollout step {index + 1}/{count} completed ({step_text(step)})")
        turn.pauses.removed.add(CANARY_STEP)


def is_complete(turn: Turn, step: CanaryStep, index: int, status: JsonObject) -> bool:
    if turn.rollout.spec.paused:
        return False
    if step.plugin is not None:
        statuses = (status.get("canary") or {}).get("stepPluginStatuses") or ()
        return not turn.plugin_failed and step_plugin_is_done(statuses, index)
    rules: Mapping[str, Callable[[Turn, CanaryStep], bool]] = _COMPLETE
    return next((rule(turn, step) for name, rule in rules.items() if getattr(step, name) is not None), False)


def _paused_long_enough(turn: Turn, step: CanaryStep) -> bool:
    return step.pause is not None and turn.pauses.step_is_over(step.pause)


def _is_scaled(turn: Turn, step: CanaryStep) -> bool:
    weights = decided_weights(turn)
    return at_desired_counts(turn.rollout, turn.new, turn.stable, turn.others, weights)


def _is_weighted(turn: Turn, step: CanaryStep) -> bool:
    weights = decided_weights(turn)
    return _is_scaled(turn, step) and not (weights is not None and weights.verified is False)


def _experiment_succeeded(turn: Turn, step: CanaryStep) -> bool:
    return turn.experiment is not None and turn.experiment.status.phase == "Successful"


def _analysis_succeeded(turn: Turn, step: CanaryStep) -> bool:
    return phase_of(turn.runs.step) == "Successful"


def _at_once(turn: Turn, step: CanaryStep) -> bool:
    return True


_COMPLETE: Mapping[str, Callable[[Turn, CanaryStep], bool]] = {
    "pause": _paused_long_enough,
    "set_canary_scale": _is_scaled,
    "set_weight": _is_weighted,
    "experiment": _experiment_succeeded,
    "analysis": _analysis_succeeded,
    "set_header_route": _at_once,
    "set_mirror_route": _at_once,
}
"""When each kind of step is done."""
