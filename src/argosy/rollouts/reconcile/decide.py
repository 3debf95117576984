"""Decides one turn of a Rollout. Section 3.

The first of these that applies is the entire turn: adoption, an invalid spec, a missing ReplicaSet, absent
spec.replicas, conditions of pause and retry, a scaling event; then the strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts.analysis import AnalysisRun
from argosy.machinery.controller import Decision, Step
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.sums import pod_hash_of, total_actual, total_available
from argosy.rollouts.partitions.writes import translated
from argosy.rollouts.reconcile.blue_green import blue_green_turn, count_active, scale_blue_green
from argosy.rollouts.reconcile.canary import canary_turn, scale_sets
from argosy.rollouts.reconcile.draft import write_conditions
from argosy.rollouts.reconcile.finish import persist
from argosy.rollouts.reconcile.revision import make_new, note_workload, owner_reference, sync_new
from argosy.rollouts.reconcile.scaling import is_scaling_event
from argosy.rollouts.reconcile.seen import Facts, Seen
from argosy.rollouts.reconcile.steps.pauses import Pauses
from argosy.rollouts.reconcile.turn import Halted, Runs, Turn
from argosy.rollouts.resources import WAITING
from argosy.rollouts.revisions.annotations import deadline_of
from argosy.rollouts.revisions.finding import find_new
from argosy.rollouts.routers.port import Drafts, Router
from argosy.rollouts.status.conditions import ABORTED, PAUSED, RESUMED, RETRY, Conditions, is_completed, reason_of
from argosy.rollouts.status.waiting import waiting_for

MakeRouters = Callable[[Turn], Sequence[Router]]


def decide_turn(seen: Seen, now: datetime, make_routers: MakeRouters) -> Decision:
    turn = new_turn(seen, now)
    try:
        _decide(turn, make_routers)
    except Halted:
        turn.later.clear()  # nothing refers to them
    _note_waiting(turn)
    steps: Sequence[Step] = (*turn.steps, *turn.later)
    if seen.partitioned is not None and not seen.problem:
        stable, prefix = turn.rollout.status.stable_rs, f"{seen.rollout.name}-"
        steps = translated(seen.partitioned, steps, seen.facts.pod_hash, stable, now, prefix)
    return Decision(tuple(steps), wake_at=turn.wake_at, memory=_memory(turn))


def _memory(turn: Turn) -> Facts:
    """Returns the same object while nothing in it changes."""
    before = turn.seen.facts
    after = replace(
        before,
        execution=turn.execution if turn.execution is not None else before.execution,
        edits=turn.edits,
        weighing=turn.weighing,
        registering=turn.registering,
    )
    return before if after == before else after


def _note_waiting(turn: Turn) -> None:
    """The annotation that says what it waits for; absent while it waits for nothing.

    Written in a turn of its own: other writes come first, and a turn that wrote is followed by another.
    """
    if turn.steps or turn.later:
        return
    text = waiting_for(turn.rollout, turn.obstacle)
    if turn.rollout.annotations.get(WAITING, "") != text:
        turn.patch_rollout({"metadata": {"annotations": {WAITING: text or None}}})


def new_turn(seen: Seen, now: datetime) -> Turn:
    rollout = seen.rollout
    new = find_new(rollout, seen.sets, seen.facts.pod_hash) if seen.facts.pod_hash else None
    status = rollout.status
    stable = _stable(seen, new)
    runs, others = _current_runs(seen)
    current = status.canary.current_experiment
    pauses = Pauses(rollout, now)
    if status.stable_rs and status.stable_rs == status.current_pod_hash:
        pauses.abort_removed = True  # there is nothing left to abort
    deadline = deadline_of(new) if new is not None else None
    stored = rollout.raw.get("status") or {}
    carried = {name: stored[name] for name in ("restartedAt", "alb", "albs", "duration") if name in stored}
    weights = (stored.get("canary") or {}).get("weights")
    return Turn(
        seen=seen,
        now=now,
        rollout=rollout,
        new=new,
        stable=stable,
        sets=list(seen.sets),
        runs=runs,
        other_runs=others,
        experiment=next((found for found in seen.experiments if current and found.name == current), None),
        other_experiments=[found for found in seen.experiments if not current or found.name != current],
        pauses=pauses,
        status={**carried, "canary": {"weights": weights} if weights else {}, "blueGreen": {}},
        new_within_delay=deadline is not None and deadline > now,
        edits=seen.facts.edits,
        weighing=seen.facts.weighing,
        registering=seen.facts.registering,
        drafts=Drafts(seen.objects),
    )


def _stable(seen: Seen, new: ReplicaSet | None) -> ReplicaSet | None:
    wanted = seen.rollout.status.stable_rs
    if not wanted:
        return None
    if new is not None and pod_hash_of(new) == wanted:
        return new
    return next((found for found in seen.sets if pod_hash_of(found) == wanted), None)


def _current_runs(seen: Seen) -> tuple[Runs, list[AnalysisRun]]:
    """Runs that the status names, and all others."""
    status = seen.rollout.status
    named = {
        "step": status.canary.current_step_analysis_run_status,
        "background": status.canary.current_background_analysis_run_status,
        "pre": status.blue_green.pre_promotion_analysis_run_status,
        "post": status.blue_green.post_promotion_analysis_run_status,
    }
    slots = {found.name: slot for slot, found in reversed(named.items()) if found is not None}
    runs, others = Runs(), []
    for run in seen.runs:
        slot = slots.get(run.name)
        if slot is None:
            others.append(run)
        else:
            setattr(runs, slot, run)
    return runs, others


def _decide(turn: Turn, make_routers: MakeRouters) -> None:
    if turn.seen.is_new:
        name = turn.rollout.key
        turn.event("RolloutAddedToInformer", f"Rollout resource added to informer: {name}")
    _claim(turn)
    if turn.seen.problem:
        _report_invalid(turn)
        return
    note_workload(turn)
    if turn.new is None:
        make_new(turn)
    elif turn.rollout.spec.replicas is None:
        turn.patch_rollout({"spec": {"replicas": 1}})
    elif not _sync_pause_conditions(turn):
        _reconcile(turn, make_routers)


def _reconcile(turn: Turn, make_routers: MakeRouters) -> None:
    sync_new(turn)
    if is_scaling_event(turn):
        _resize(turn)
    elif turn.rollout.spec.strategy.blue_green is not None:
        blue_green_turn(turn)
    else:
        canary_turn(turn, make_routers(turn))


def _claim(turn: Turn) -> None:
    """Adopts matching ReplicaSets without a controller, and releases those that no longer match."""
    owner = owner_reference(turn.rollout)
    for found in turn.seen.orphans:
        owners = [*(found.raw["metadata"].get("ownerReferences") or ()), owner]
        turn.patch(ReplicaSet, found, {"metadata": {"ownerReferences": owners}})
    for found in turn.seen.strays:
        owners = [item for item in found.raw["metadata"].get("ownerReferences") or () if item["uid"] != owner["uid"]]
        turn.patch(ReplicaSet, found, {"metadata": {"ownerReferences": owners or None}})
    if turn.seen.orphans or turn.seen.strays:
        raise Halted


def _report_invalid(turn: Turn) -> None:
    text = f'The Rollout "{turn.rollout.name}" is invalid: {turn.seen.problem}'
    conditions = Conditions((turn.rollout.raw.get("status") or {}).get("conditions") or (), turn.now)
    old = conditions.get("InvalidSpec")
    if old is None or old.get("message") != text:
        conditions.remove("InvalidSpec")
        conditions.set("InvalidSpec", "True", "InvalidSpec", text)
    write_conditions(turn, conditions)  # everything it refers to is watched: no timer is needed


def _sync_pause_conditions(turn: Turn) -> bool:
    """Conditions after a pause, a resume or a retry; whether they were written. Not for an unobserved spec."""
    rollout = turn.rollout
    status = rollout.status
    if status.observed_generation != str(rollout.generation):
        return False
    reason = reason_of(status.conditions, "Progressing")
    paused = bool(status.pause_conditions) or rollout.spec.paused
    conditions = Conditions((rollout.raw.get("status") or {}).get("conditions") or (), turn.now)
    changed = False
    if paused != (reason == PAUSED) and reason != ABORTED and not is_completed(status):
        told = (PAUSED, "Rollout is paused") if paused else (RESUMED, "Rollout is resumed")
        changed |= conditions.set("Progressing", "Unknown", *told)
    if not status.abort and reason == ABORTED:
        changed |= conditions.set("Progressing", "Unknown", RETRY, "Retrying Rollout after abort")
    was_paused = (conditions.get("Paused") or {}).get("status") == "True"
    if paused != was_paused and reason != ABORTED:
        changed |= conditions.set("Paused", "True" if paused else "False", PAUSED, "Rollout is paused")
    return changed and write_conditions(turn, conditions)


def _resize(turn: Turn) -> None:
    """After a change of spec.replicas only sizes and numbers are updated: no step, no traffic. Section 8.4."""
    status = dict(turn.rollout.raw.get("status") or {})
    turn.status = {**status, "canary": status.get("canary") or {}, "blueGreen": status.get("blueGreen") or {}}
    turn.pauses.keeps_resume = True
    if turn.rollout.spec.strategy.blue_green is not None:
        scale_blue_green(turn)
        numbers: JsonObject = {}
        count_active(turn, numbers, turn.rollout.status.blue_green.active_selector)
        numbers.pop("selector")
        numbers.pop("readyReplicas", None)
    else:
        scale_sets(turn)
        numbers = {}
    status.setdefault("conditions", [])
    status.setdefault("currentPodHash", "")
    status.setdefault("stableRS", "")
    counted = {"availableReplicas": total_available(turn.sets), "HPAReplicas": total_actual(turn.sets)}
    persist(turn, {**status, **counted, **numbers})
