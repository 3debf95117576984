"""Sizes of ReplicaSets: scaling, delayed scale-downs, and what an abort keeps. Sections 2.4 and 5.8."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts.status import TrafficWeights
from argosy.apis.schema import read
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.basic import basic_sizes
from argosy.rollouts.arithmetic.bluegreen import new_size as blue_green_size
from argosy.rollouts.arithmetic.limits import (
    abort_delay,
    abort_delay_is_explicit,
    delayed_revisions,
    scale_down_delay,
)
from argosy.rollouts.arithmetic.routed import routed_sizes
from argosy.rollouts.arithmetic.sums import is_active
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.reconcile.workload import follow_progress
from argosy.rollouts.resources import DESIRED_REPLICAS, SCALE_DOWN_DEADLINE
from argosy.rollouts.revisions.annotations import (
    deadline_of,
    desired_replicas,
    has_deadline,
    revision_of,
    size_note_is_outdated,
)


def is_scaling_event(turn: Turn) -> bool:
    """Whether spec.replicas changed since the new or the stable ReplicaSet was scaled, as its annotation records."""
    active = [found for found in (turn.new, turn.stable) if found is not None and is_active(found)]
    noted = [desired_replicas(found) for found in active]
    return any(size is not None and size != turn.rollout.replicas for size in noted)


def scale(turn: Turn, found: ReplicaSet, size: int) -> bool:
    """One write of the size and the annotation for spec.replicas; returns whether the size changed."""
    replicas = turn.rollout.replicas
    if found.replicas == size and not size_note_is_outdated(found, replicas):
        return False
    notes: JsonObject = {DESIRED_REPLICAS: str(replicas)}
    if size == 0 and has_deadline(found) and not keeps_aborted_pods(turn):
        notes[SCALE_DOWN_DEADLINE] = None
    patch: JsonObject = {"metadata": {"annotations": notes}}
    if found.replicas == size:
        turn.patch(ReplicaSet, found, patch)
        return False
    turn.patch(ReplicaSet, found, {**patch, "spec": {"replicas": size}})
    direction = "up" if found.replicas < size else "down"
    revision = revision_of(found.annotations)
    text = f"Scaled {direction} ReplicaSet {found.name} (revision {revision}) from {found.replicas} to {size}"
    turn.event("ScalingReplicaSet", text)
    return True


def remove_deadlines(turn: Turn) -> None:
    """A ReplicaSet that is new or stable again is not scaled down, unless an abort keeps it for a while."""
    again = [turn.new] if turn.new is not None and not keeps_aborted_pods(turn) else []
    if turn.stable is not None and all(found.uid != turn.stable.uid for found in again):
        again.append(turn.stable)
    for found in again:
        if has_deadline(found):
            turn.patch_set(found, {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: None}}})


def add_deadline(turn: Turn, found: ReplicaSet, delay: timedelta) -> None:
    """Without a delay an old deadline is removed: traffic routing may have been removed."""
    if delay == timedelta():
        if has_deadline(found):
            turn.patch_set(found, {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: None}}})
        return
    deadline = turn.now + delay
    turn.patch_set(found, {"metadata": {"annotations": {SCALE_DOWN_DEADLINE: timestamps.seconds(deadline)}}})
    turn.wake(deadline)


def keeps_aborted_pods(turn: Turn) -> bool:
    """Whether the pods of an aborted update stay until a deadline."""
    strategy = turn.rollout.spec.strategy
    if not turn.pauses.is_aborted or turn.stable is None or abort_delay(turn.rollout) is None:
        return False
    if strategy.canary is None:
        return True
    if strategy.canary.traffic_routing is None:
        return False
    return not strategy.canary.dynamic_stable_scale or abort_delay_is_explicit(turn.rollout)


def new_size(turn: Turn, new: ReplicaSet) -> int:
    """The wanted size of the new ReplicaSet; with traffic routing, by the weights that were just decided."""
    canary = turn.rollout.spec.strategy.canary
    if canary is None:
        return blue_green_size(turn.rollout, turn.sets, new)
    if canary.traffic_routing is None:
        return basic_sizes(turn.rollout, new, turn.stable, turn.others).canary
    return routed_sizes(turn.rollout, new, turn.stable, decided_weights(turn)).canary


def decided_weights(turn: Turn) -> TrafficWeights | None:
    weights = (turn.status.get("canary") or {}).get("weights")
    return read(TrafficWeights, weights) if weights is not None else None


def scale_new(turn: Turn) -> bool:
    """Whether the new ReplicaSet changed its size."""
    new = turn.new
    if new is None:
        return False
    size = new_size(turn, new)
    if keeps_aborted_pods(turn):
        if not has_deadline(new):
            _start_abort_delay(turn, new)
            return False
        deadline = deadline_of(new)
        if deadline is not None and deadline > turn.now:
            turn.wake(deadline)
            _note_size(turn, new)
            return False
        size = 0 if deadline is not None else size
    scaled = scale(turn, new, size)
    follow_progress(turn, new, size)
    return scaled


def _start_abort_delay(turn: Turn, new: ReplicaSet) -> None:
    """Only once the stable pods can serve everything: the deadline removes the new ones unconditionally."""
    delay = abort_delay(turn.rollout)
    _note_size(turn, new)
    if delay is not None and turn.stable is not None and turn.stable.available >= turn.rollout.replicas:
        add_deadline(turn, turn.new or new, delay)


def _note_size(turn: Turn, new: ReplicaSet) -> None:
    """A ReplicaSet that keeps its size records the new spec.replicas: else every turn would be a scaling event."""
    if size_note_is_outdated(new, turn.rollout.replicas):
        turn.patch_set(new, {"metadata": {"annotations": {DESIRED_REPLICAS: str(turn.rollout.replicas)}}})


class DelayRule:
    """Counts the ReplicaSets that wait for their scale-down, newest first; those past the limit are scaled at once."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self.waiting = 0
        self.limit = delayed_revisions(turn.rollout)

    def size(self, found: ReplicaSet, kept: int) -> int:
        """The wanted size: `kept` while it waits, its current size in the turn that starts the wait, else zero."""
        if not has_deadline(found):
            if found.replicas == 0 or (self.limit is not None and self.waiting >= self.limit):
                return 0
            self.waiting += 1
            add_deadline(self.turn, found, scale_down_delay(self.turn.rollout))
            return found.replicas
        self.waiting += 1
        deadline = deadline_of(found)
        if (self.limit is not None and self.waiting > self.limit) or deadline is None or deadline <= self.turn.now:
            return 0
        self.turn.wake(deadline)
        return kept


def clean_up_unhealthy(turn: Turn, sets: Sequence[ReplicaSet]) -> tuple[list[ReplicaSet], int]:
    """Unavailable pods are removed first: they block the rest. Returns the resulting sets and how many were removed."""
    result, gone = [], 0
    for found in sorted(sets, key=lambda one: (one.created, one.name)):
        if found.replicas in (0, found.available) or found.available > found.replicas:
            result.append(found)
            continue
        gone += found.replicas - found.available
        scale(turn, found, found.available)
        smaller = {**found.raw, "spec": {**found.raw["spec"], "replicas": found.available}}
        result.append(read(ReplicaSet, smaller))
    return result, gone
