"""ReplicaSet sizes of a canary with traffic routing. Section 5.4."""

from __future__ import annotations

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.status import TrafficWeights
from argosy.rollouts.arithmetic.limits import largest_weight
from argosy.rollouts.arithmetic.split import Split
from argosy.rollouts.arithmetic.weights import replicas_for, wanted


def routed_sizes(
    rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, weights: TrafficWeights | None
) -> Split:
    """With dynamicStableScale neither side shrinks before its traffic has moved: `weights` are the current ones."""
    goal = wanted(rollout, new, stable)
    if goal.replicas is not None:
        canary = goal.replicas
    else:
        canary = at_least_min_pods(rollout, replicas_for(rollout, goal.weight))
    strategy = rollout.spec.strategy.canary
    if strategy is None or not strategy.dynamic_stable_scale:
        return Split(canary, rollout.replicas)
    rest = replicas_for(rollout, largest_weight(rollout) - goal.weight)
    if weights is not None:
        rest = max(rest, replicas_for(rollout, weights.stable.weight))
        if rollout.status.abort:
            canary = max(canary, replicas_for(rollout, weights.canary.weight))
    return Split(at_least_min_pods(rollout, canary), at_least_min_pods(rollout, rest))


def at_least_min_pods(rollout: Rollout, count: int) -> int:
    """minPodsPerReplicaSet, never above spec.replicas; zero stays zero."""
    canary = rollout.spec.strategy.canary
    if count == 0 or canary is None or canary.traffic_routing is None or canary.min_pods_per_replica_set is None:
        return count
    return max(count, min(canary.min_pods_per_replica_set, rollout.replicas))
