"""The new status: numbers, an abort by deadline, pauses, conditions, phase, durations. Sections 3, 4 and 9."""

from __future__ import annotations

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import RolloutStatus
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.bluegreen import by_hash, is_saturated
from argosy.rollouts.arithmetic.progress import threshold_is_met
from argosy.rollouts.arithmetic.sums import pod_hash_of, total_actual, total_available, total_ready
from argosy.rollouts.arithmetic.weights import current_step
from argosy.rollouts.reconcile.draft import write_status
from argosy.rollouts.reconcile.durations import duration_after
from argosy.rollouts.reconcile.rollback import is_fast_rollback, is_within_window
from argosy.rollouts.reconcile.steps.analyses import phase_of
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.reconcile.workload import scale_down_on_success
from argosy.rollouts.resources import WORKLOAD_GENERATION
from argosy.rollouts.revisions.annotations import has_deadline, revision_of
from argosy.rollouts.status.conditions import (
    ABORTED,
    TIMED_OUT,
    Conditions,
    condition_of,
    deadline_of,
    has_timed_out,
    is_completed,
    is_healthy,
    is_progressing,
)
from argosy.rollouts.status.phase import stored_phase


def numbers(turn: Turn) -> JsonObject:
    """Numbers that both strategies compute alike, with the decisions of earlier parts of the turn."""
    stored = turn.rollout.raw.get("status") or {}
    status: JsonObject = {**turn.status}
    conditions = [item for item in stored.get("conditions") or () if item.get("type") != "InvalidSpec"]
    status["conditions"] = conditions
    status["currentPodHash"] = pod_hash_of(turn.new) or turn.seen.facts.pod_hash
    status["replicas"] = total_actual(turn.sets)
    status["updatedReplicas"] = total_actual([turn.new])
    status["readyReplicas"] = total_ready(turn.sets)
    status["availableReplicas"] = total_available(turn.sets)
    status["HPAReplicas"] = total_actual(turn.sets)
    status["collisionCount"] = stored.get("collisionCount")
    status["stableRS"] = turn.rollout.status.stable_rs
    status["promoteFull"] = turn.rollout.status.promote_full
    return status


def promote_reason(turn: Turn, status: JsonObject) -> str:
    """Why the new version is now the stable one; empty if it is not."""
    if turn.stable is None:
        return "Initial deploy"
    if turn.rollout.spec.strategy.canary is not None:
        return _canary_reason(turn)
    return _blue_green_reason(turn, status)


def _canary_reason(turn: Turn) -> str:
    rollout, new = turn.rollout, turn.new
    canary = rollout.spec.strategy.canary
    assert canary is not None
    if turn.pauses.is_aborted or new is None:
        return ""
    if new.available < rollout.replicas and not threshold_is_met(
        canary.replica_progress_threshold, new, rollout.replicas
    ):
        return ""
    if reason := _shortcut(turn):
        return reason
    _, index = current_step(rollout)
    count = len(canary.steps)
    return f"Completed all {count} canary steps" if not count or index == count else ""


def _shortcut(turn: Turn) -> str:
    if turn.rollout.status.promote_full:
        return "Full promotion requested"
    if is_fast_rollback(turn):
        return "Rollback within window" if is_within_window(turn) else "Fast rollback"
    return ""


def _blue_green_reason(turn: Turn, status: JsonObject) -> str:
    active = (status.get("blueGreen") or {}).get("activeSelector") or ""
    if not active:
        return "Initial deploy"
    if active != status["currentPodHash"] or turn.targets_verified is False:
        return ""
    if reason := _shortcut(turn):
        return reason
    strategy = turn.rollout.spec.strategy.blue_green
    if turn.pauses.is_aborted or strategy is None:
        return ""
    if strategy.post_promotion_analysis is not None and phase_of(turn.runs.post) != "Successful":
        return ""
    return "Completed blue-green update"


def promote(turn: Turn, status: JsonObject, reason: str) -> None:
    """Marks the new ReplicaSet as the stable one; the event is only emitted if it was not."""
    rollout = turn.rollout
    turn.pauses.clear()
    status["promoteFull"] = False
    if (blue_green := status.get("blueGreen")) is not None:
        blue_green.pop("scaleUpPreviewCheckPoint", None)
    canary = rollout.spec.strategy.canary
    if canary is not None:
        status["currentStepIndex"] = len(canary.steps) or None
    if status["stableRS"] != status["currentPodHash"]:
        if canary is not None and canary.ping_pong is not None:
            ping = rollout.status.canary.stable_ping_pong == "ping"
            status.setdefault("canary", {})["stablePingPong"] = "pong" if ping else "ping"
        duration = dict(status.get("duration") or {})
        if duration and not duration.get("completionStatus"):
            duration["completionStatus"] = "FastPromoted" if rollout.status.promote_full else "Promoted"
            status["duration"] = duration
        status["stableRS"] = status["currentPodHash"]
        revision = revision_of(rollout.annotations)
        pod_hash = status["currentPodHash"]
        turn.event("RolloutCompleted", f"Rollout completed update to revision {revision} ({pod_hash}): {reason}")
    scale_down_on_success(turn)


def persist(turn: Turn, status: JsonObject) -> None:
    """Computes the rest of the status and writes the differences."""
    rollout = turn.rollout
    status["observedGeneration"] = str(rollout.generation)
    status["workloadObservedGeneration"] = (
        rollout.annotations.get(WORKLOAD_GENERATION, "") if rollout.spec.workload_ref is not None else ""
    )
    turn.status["duration"] = status.get("duration")
    _abort_at_deadline(turn, read(RolloutStatus, _json(status)))
    turn.pauses.into(status)
    conditions = _conditions(turn, status)
    status["conditions"] = conditions.items
    view = read(RolloutStatus, _json(status))
    status["phase"], status["message"] = stored_phase(rollout.spec, view)
    status["duration"] = duration_after(turn, view)
    if write_status(turn, status):
        _report_pause(turn, was_paused=bool(rollout.status.pause_conditions), after=view)
    _wake_at_deadline(turn, view, conditions)


def _json(status: JsonObject) -> JsonObject:
    return {name: value for name, value in status.items() if value is not None}


def _report_pause(turn: Turn, *, was_paused: bool, after: RolloutStatus) -> None:
    if after.pause_conditions and not was_paused:
        turn.event("RolloutPaused", f"Rollout is paused ({after.pause_conditions[0].reason})")
    elif was_paused and not after.pause_conditions and not after.aborted_at:
        turn.event("RolloutResumed", "Rollout is resumed")


def waits_indefinitely(turn: Turn) -> bool:
    """No deadline runs during steps of unlimited duration, or a pause."""
    step, _ = current_step(turn.rollout)
    if step is not None and (step.experiment or step.analysis or step.pause):
        return True
    paused = condition_of(turn.rollout.status.conditions, "Paused")
    return paused is not None and paused.status == "True"


def _deadline_rests(turn: Turn) -> bool:
    return waits_indefinitely(turn) or any(has_deadline(found) for found in turn.others)


def _abort_at_deadline(turn: Turn, after: RolloutStatus) -> None:
    rollout = turn.rollout
    if not rollout.spec.progress_deadline_abort or turn.pauses.is_aborted or is_completed(after):
        return
    if is_progressing(rollout, after) or _deadline_rests(turn):
        return
    if has_timed_out(rollout, rollout.status.conditions, turn.now):
        turn.pauses.abort_message = _timed_out_text(turn)
        turn.event("RolloutAborted", turn.pauses.abort_message, "Warning")


def _timed_out_text(turn: Turn) -> str:
    if turn.new is not None:
        return f'ReplicaSet "{turn.new.name}" has timed out progressing.'
    return f'Rollout "{turn.rollout.name}" has timed out progressing.'


def _conditions(turn: Turn, status: JsonObject) -> Conditions:
    view = read(RolloutStatus, _json(status))
    found = Conditions(status["conditions"], turn.now)
    healthy = is_healthy(turn.rollout, view)
    became_unhealthy = _healthy(turn, view, found, healthy=healthy)
    _progressing(turn, view, found, healthy=healthy, became_unhealthy=became_unhealthy)
    _available(turn, view, found)
    if (failure := _replica_failure(turn)) is not None:
        found.set(failure["type"], failure["status"], failure["reason"], failure["message"], since=failure["since"])
    else:
        found.remove("ReplicaFailure")
    _completed(turn, view, found)
    return found


def _healthy(turn: Turn, view: RolloutStatus, found: Conditions, *, healthy: bool) -> bool:
    """Whether it was healthy and is no longer."""
    paused = bool(view.pause_conditions) or turn.rollout.spec.paused
    if healthy and not paused:
        found.set("Healthy", "True", "RolloutHealthy", "Rollout is healthy")
        return False
    if condition_of(turn.rollout.status.conditions, "Healthy") is None:
        return False
    return found.set("Healthy", "False", "RolloutHealthy", "Rollout is not healthy")


def _progressing(turn: Turn, view: RolloutStatus, found: Conditions, *, healthy: bool, became_unhealthy: bool) -> None:
    rollout = turn.rollout
    name = turn.new.name if turn.new is not None else ""
    if turn.pauses.is_aborted:
        text = f"Rollout aborted update to revision {revision_of(rollout.annotations)}"
        if turn.pauses.abort_message:
            text = f"{text}: {turn.pauses.abort_message}"
        if found.set("Progressing", "False", ABORTED, text):
            turn.event(ABORTED, text, "Warning")
    elif healthy:
        text = f'ReplicaSet "{name}" has successfully progressed.'
        found.set("Progressing", "True", "NewReplicaSetAvailable", text)
    elif became_unhealthy and view.stable_rs == view.current_pod_hash:
        text = "Rollout does not have minimum availability"
        found.refresh("Progressing", "True", "ReplicaSetNotAvailable", text)
    elif became_unhealthy or is_progressing(rollout, view):
        text = f'ReplicaSet "{name}" is progressing.' if name else f'Rollout "{rollout.name}" is progressing.'
        found.refresh("Progressing", "True", "ReplicaSetUpdated", text)
    elif not _deadline_rests(turn) and has_timed_out(rollout, view.conditions, turn.now):
        found.set("Progressing", "False", TIMED_OUT, _timed_out_text(turn))


def _available(turn: Turn, view: RolloutStatus, found: Conditions) -> None:
    if turn.rollout.spec.strategy.canary is not None:
        enough = total_available(turn.sets) >= turn.rollout.replicas
    else:
        enough = is_saturated(turn.rollout, by_hash(turn.sets, view.blue_green.active_selector))
    text = "Rollout has minimum availability" if enough else "Rollout does not have minimum availability"
    found.set("Available", "True" if enough else "False", "AvailableReason", text)


def _replica_failure(turn: Turn) -> JsonObject | None:
    """The condition of the new ReplicaSet before that of an old one."""
    ordered = [turn.new, *turn.sets] if turn.new is not None else list(turn.sets)
    return next((failure for found in ordered if found and (failure := _failure_of(found))), None)


def _failure_of(found: ReplicaSet) -> JsonObject | None:
    for condition in found.status.conditions:
        if condition.type == "ReplicaFailure":
            return {
                "type": "ReplicaFailure",
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message,
                "since": condition.last_transition_time,
            }
    return None


def _completed(turn: Turn, view: RolloutStatus, found: Conditions) -> None:
    reason = "RolloutCompleted"
    if is_completed(view):
        found.set("Completed", "True", reason, reason)
    elif found.set("Completed", "False", reason, reason):
        revision = revision_of(turn.rollout.annotations)
        text = f"Rollout not completed, started update to revision {revision} ({view.current_pod_hash})"
        turn.event("RolloutNotCompleted", text)


def _wake_at_deadline(turn: Turn, view: RolloutStatus, conditions: Conditions) -> None:
    """Progress is checked when its deadline passes, unless it waits for nothing."""
    rollout = turn.rollout
    if is_healthy(rollout, view) or view.pause_conditions or rollout.spec.paused or view.abort or _deadline_rests(turn):
        return
    turn.wake(deadline_of(rollout, read(RolloutStatus, {"conditions": conditions.items}).conditions))


def reset(turn: Turn, status: JsonObject) -> None:
    """As at the start of an update: no earlier pause, abort, analysis or plug-in."""
    turn.pauses.clear()
    status["restartedAt"] = turn.rollout.spec.restart_at
    status["promoteFull"] = False
    for name in ("prePromotionAnalysisRunStatus", "postPromotionAnalysisRunStatus", "scaleUpPreviewCheckPoint"):
        status.setdefault("blueGreen", {}).pop(name, None)
    for name in ("currentStepAnalysisRunStatus", "currentBackgroundAnalysisRunStatus", "stepPluginStatuses"):
        status.setdefault("canary", {}).pop(name, None)
    canary = turn.rollout.spec.strategy.canary
    status["currentStepIndex"] = 0 if canary is not None and canary.steps else None
