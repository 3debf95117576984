"""Whether the pods that a step wants exist. Section 5.4, "At desired counts"."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.status import TrafficWeights
from argosy.apis.rollouts.strategy import ReplicaProgressThreshold
from argosy.rollouts.arithmetic.basic import basic_sizes
from argosy.rollouts.arithmetic.routed import routed_sizes
from argosy.rollouts.arithmetic.sums import total_available

EPSILON = 1e-10
"""Percentages are floats upstream: 2 of 3 pods are 66.66…7 %."""


def threshold_is_met(threshold: ReplicaProgressThreshold | None, found: ReplicaSet | None, desired: int) -> bool:
    """All desired pods are available, or as many as the threshold requires."""
    if found is None:
        return False
    if threshold is None or threshold.value < 0:
        return desired == found.replicas == found.available
    if threshold.type != "Percent":
        return found.available >= threshold.value
    if desired == 0:
        return True
    return found.available / desired * 100 >= threshold.value - EPSILON


def at_desired_counts(
    rollout: Rollout,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    others: Sequence[ReplicaSet],
    weights: TrafficWeights | None,
) -> bool:
    """The stable pods must exist but need not be available: they may be what is being replaced."""
    canary = rollout.spec.strategy.canary
    assert canary is not None
    routed = canary.traffic_routing is not None
    sizes = routed_sizes(rollout, new, stable, weights) if routed else basic_sizes(rollout, new, stable, others)
    if not threshold_is_met(canary.replica_progress_threshold, new, sizes.canary):
        return False
    if not (routed and canary.dynamic_stable_scale) and not (
        stable is not None and stable.replicas == sizes.stable == stable.status.replicas
    ):
        return False
    return routed or total_available(others) == 0
