"""A turn of a blue-green update, in upstream's order. Section 6."""

from __future__ import annotations

from datetime import timedelta

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Service
from argosy.machinery.objects import JsonObject
from argosy.machinery.selectors import label_selector_of
from argosy.rollouts.arithmetic.bluegreen import by_hash, is_ready_for_pause, is_saturated
from argosy.rollouts.arithmetic.sums import is_active, pod_hash_of
from argosy.rollouts.reconcile.durations import template_changed
from argosy.rollouts.reconcile.ephemeral import sync_metadata
from argosy.rollouts.reconcile.finish import numbers, persist, promote, promote_reason, reset
from argosy.rollouts.reconcile.history import trim_history
from argosy.rollouts.reconcile.references import is_referenced
from argosy.rollouts.reconcile.restarting import restart_pods
from argosy.rollouts.reconcile.revision import sync_new
from argosy.rollouts.reconcile.rollback import is_fast_rollback, is_within_window
from argosy.rollouts.reconcile.scaling import DelayRule, remove_deadlines, scale, scale_new
from argosy.rollouts.reconcile.steps.analyses import phase_of, skips_post_promotion, sync_runs
from argosy.rollouts.reconcile.steps.pauses import BLUE_GREEN, INCONCLUSIVE_RUN, is_halted, pause_of
from argosy.rollouts.reconcile.traffic.services import hash_of, service_of, switch
from argosy.rollouts.reconcile.traffic.target_groups import verify_targets
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.reconcile.workload import follow_progress
from argosy.rollouts.resources import HASH_LABEL
from argosy.rollouts.revisions.annotations import newest_first


def blue_green_turn(turn: Turn) -> None:
    strategy = turn.rollout.spec.strategy.blue_green
    assert strategy is not None
    preview = service_of(turn, strategy.preview_service) if strategy.preview_service else None
    active = service_of(turn, strategy.active_service)
    sync_new(turn)
    if preview is not None and not is_halted(turn.rollout):
        preview = switch(turn, preview, pod_hash_of(turn.new))
    if not template_changed(turn):
        restart_pods(turn)
        scale_blue_green(turn)
        _pause(turn, active)
        active = _switch_active(turn, active)
        verify_targets(turn)
        sync_runs(turn)
        sync_metadata(turn)
    sync_status(turn, preview, active)


def scale_blue_green(turn: Turn) -> None:
    remove_deadlines(turn)
    whole = {found.uid: found for found in (turn.stable, _serving(turn)) if found is not None}
    for found in whole.values():
        scale(turn, found, turn.rollout.replicas)
    if turn.new is not None and turn.new.uid in whole:
        follow_progress(turn, turn.new, turn.rollout.replicas)
    elif turn.new is not None:
        scale_new(turn)
    _scale_others(turn)
    trim_history(turn)


def _serving(turn: Turn) -> ReplicaSet | None:
    """The one that the active Service selects: it has all pods, in every state."""
    strategy = turn.rollout.spec.strategy.blue_green
    pod_hash = hash_of(turn.seen.services.get(strategy.active_service)) if strategy is not None else ""
    return by_hash(turn.sets, pod_hash) if pod_hash else None


def _scale_others(turn: Turn) -> None:
    others = [found for found in turn.others if is_active(found)]
    strategy = turn.rollout.spec.strategy.blue_green
    if not others or strategy is None or pause_of(turn.rollout, INCONCLUSIVE_RUN) is not None:
        return
    run = turn.runs.post
    unproven = strategy.post_promotion_analysis is not None and strategy.scale_down_delay_seconds is None
    if unproven and not skips_post_promotion(turn, run) and phase_of(run) != "Successful":
        return
    rule = DelayRule(turn)
    for found in newest_first(others):
        if is_referenced(turn, found):
            continue
        size = rule.size(found, turn.rollout.replicas)
        if size != found.replicas:
            scale(turn, next(one for one in turn.sets if one.uid == found.uid), size)


def is_fast_tracked(turn: Turn, active: Service) -> bool:
    """Neither pause nor analysis before the switch."""
    pointed = active.spec.selector.get(HASH_LABEL)
    return (
        is_fast_rollback(turn)
        or turn.rollout.status.promote_full
        or pointed is None
        or pointed == pod_hash_of(turn.new)
    )


def _pre_promotion_succeeded(turn: Turn) -> bool:
    strategy = turn.rollout.spec.strategy.blue_green
    if strategy is None or strategy.pre_promotion_analysis is None:
        return True
    return phase_of(turn.runs.pre) == "Successful"


def _pause(turn: Turn, active: Service) -> None:
    rollout, strategy = turn.rollout, turn.rollout.spec.strategy.blue_green
    if rollout.status.abort or turn.new is None or strategy is None or is_halted(rollout):
        return
    if not is_ready_for_pause(rollout, turn.sets, turn.new):
        turn.pauses.keeps_resume = True
        return
    pauses = strategy.auto_promotion_enabled is False or strategy.auto_promotion_seconds > 0
    past = is_fast_tracked(turn, active) or rollout.status.blue_green.scale_up_preview_check_point
    if past or not pauses:
        turn.pauses.removed.add(BLUE_GREEN)
        return
    if not _pre_promotion_succeeded(turn):
        return
    if pause_of(rollout, BLUE_GREEN) is None:
        if not rollout.status.controller_pause:
            turn.pauses.added.append(BLUE_GREEN)
            if strategy.auto_promotion_enabled is not False:
                turn.wake(turn.now + timedelta(seconds=strategy.auto_promotion_seconds))
    elif turn.pauses.blue_green_is_over():
        turn.pauses.removed.add(BLUE_GREEN)
    else:
        turn.wake(turn.pauses.end_of_blue_green())


def _switch_active(turn: Turn, active: Service) -> Service:
    """Switches to the new version once it is complete and allowed; back to the stable one on an abort."""
    rollout, new = turn.rollout, turn.new
    if is_halted(rollout) or new is None:
        return active
    if not is_ready_for_pause(rollout, turn.sets, new) or not is_saturated(rollout, new):
        return active
    pod_hash = hash_of(active)
    if is_fast_tracked(turn, active) or (turn.pauses.blue_green_is_over() and _pre_promotion_succeeded(turn)):
        pod_hash = pod_hash_of(new)
    if rollout.status.abort:
        pod_hash = rollout.status.stable_rs
    return switch(turn, active, pod_hash)


def sync_status(turn: Turn, preview: Service | None, active: Service) -> None:
    status = numbers(turn)
    if template_changed(turn):
        reset(turn, status)
    if turn.rollout.status.promote_full or is_within_window(turn):
        turn.pauses.clear()
    part = status.setdefault("blueGreen", {})
    part["previewSelector"], part["activeSelector"] = hash_of(preview), hash_of(active)
    if reason := promote_reason(turn, status):
        promote(turn, status, reason)
    else:
        part["scaleUpPreviewCheckPoint"] = _check_point(turn)
    count_active(turn, status, part["activeSelector"])
    status["blueGreen"] = {name: value for name, value in part.items() if value not in ("", None, False)}
    persist(turn, status)


def _check_point(turn: Turn) -> bool:
    """Whether the smaller preview has passed: from then on all pods are wanted."""
    strategy = turn.rollout.spec.strategy.blue_green
    if strategy is None or strategy.preview_replica_count is None:
        return False
    if turn.rollout.status.blue_green.scale_up_preview_check_point and not template_changed(turn):
        return True
    if not _pre_promotion_succeeded(turn) or not turn.pauses.blue_green_is_over():
        return False
    return strategy.preview_replica_count == (turn.new.available if turn.new is not None else 0)


def count_active(turn: Turn, status: JsonObject, active: str) -> None:
    """The numbers of the active ReplicaSet count, once there is one."""
    found = by_hash(turn.sets, active)
    selector = found.spec.selector if found is not None else turn.rollout.spec.selector
    status["selector"] = str(label_selector_of(selector or {}))
    if found is not None:
        status["HPAReplicas"], status["availableReplicas"] = found.status.replicas, found.available
        status["readyReplicas"] = found.status.ready_replicas
