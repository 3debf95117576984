"""The share of the traffic, or the number of pods, that the canary should have now. Section 5.2."""

from __future__ import annotations

from dataclasses import dataclass

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import CanaryStep, Rollout
from argosy.apis.rollouts.steps import SetCanaryScale
from argosy.rollouts.arithmetic.limits import abort_delay, abort_delay_is_explicit, largest_weight


@dataclass(frozen=True, slots=True)
class Wanted:
    """A weight, or a fixed number of pods instead."""

    weight: int
    replicas: int | None = None


def current_step(rollout: Rollout) -> tuple[CanaryStep | None, int | None]:
    """The current step and its index: no step past the last one, no index without steps."""
    canary = rollout.spec.strategy.canary
    if canary is None or not canary.steps:
        return None, None
    index = rollout.status.current_step_index or 0
    return (canary.steps[index] if index < len(canary.steps) else None), index


def step_count(rollout: Rollout) -> int:
    canary = rollout.spec.strategy.canary
    return len(canary.steps) if canary is not None else 0


def steps_until_now(rollout: Rollout) -> tuple[CanaryStep, ...]:
    """The current step and those before it, nearest first; none past the last."""
    step, index = current_step(rollout)
    canary = rollout.spec.strategy.canary
    if step is None or index is None or canary is None:
        return ()
    return canary.steps[index::-1]


def current_set_weight(rollout: Rollout) -> int:
    """The weight set by the steps."""
    if rollout.status.abort:
        return 0
    reached = steps_until_now(rollout)
    if not reached:
        return largest_weight(rollout)
    return next((step.set_weight for step in reached if step.set_weight is not None), 0)


def canary_scale(rollout: Rollout) -> SetCanaryScale | None:
    """The setCanaryScale step in effect."""
    canary = rollout.spec.strategy.canary
    if canary is None or canary.traffic_routing is None:
        return None
    if rollout.status.abort and abort_delay(rollout) is not None:
        return None  # an abort ends it, unless the user wants aborted pods to stay forever
    for step in steps_until_now(rollout):
        if step.set_canary_scale is not None:
            return None if step.set_canary_scale.match_traffic_weight else step.set_canary_scale
    return None


def wanted(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None) -> Wanted:
    status = rollout.status
    if status.promote_full or not status.stable_rs or status.current_pod_hash == status.stable_rs:
        return Wanted(largest_weight(rollout))
    if scale := canary_scale(rollout):
        if scale.replicas is not None:
            return Wanted(0, scale.replicas)
        if scale.weight is not None:
            return Wanted(scale.weight)
    return Wanted(desired_weight(rollout, new, stable))


def desired_weight(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None) -> int:
    """As the steps say; after an abort with dynamicStableScale, the steps in reverse."""
    canary = rollout.spec.strategy.canary
    if not (rollout.status.abort and canary and canary.dynamic_stable_scale and new and stable):
        return current_set_weight(rollout)
    missing = rollout.replicas - stable.available
    # An explicit abort delay keeps the canary's pods; if they held the weight up, it would never fall.
    pods = missing if abort_delay_is_explicit(rollout) else max(missing, new.available)
    for step in reversed(canary.steps):
        if step.set_weight is not None and replicas_for(rollout, step.set_weight) < pods:
            return step.set_weight
    return 0


def replicas_for(rollout: Rollout, weight: int) -> int:
    """The pods for a share of the traffic, rounded up."""
    return -(-weight * rollout.replicas // largest_weight(rollout))


def is_verified_now(rollout: Rollout, weight: int) -> bool:
    """Whether a router is asked now if the weight has taken effect: at a setWeight step, and at the end."""
    status, (step, _) = rollout.status, current_step(rollout)
    if not status.stable_rs or status.stable_rs == status.current_pod_hash:
        return False
    return weight == largest_weight(rollout) if step is None else step.set_weight is not None
