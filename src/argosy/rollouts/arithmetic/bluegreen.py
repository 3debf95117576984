"""The size of the new ReplicaSet in blue-green, and when it is complete. Section 6."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.rollouts import Rollout
from argosy.rollouts.arithmetic.sums import pod_hash_of

DESIRED_REPLICAS = "rollout.argoproj.io/desired-replicas"


def by_hash(sets: Sequence[ReplicaSet], pod_hash: str) -> ReplicaSet | None:
    if not pod_hash:
        return None
    return next((found for found in sets if pod_hash_of(found) == pod_hash), None)


def new_size(rollout: Rollout, sets: Sequence[ReplicaSet], new: ReplicaSet) -> int:
    """spec.replicas, or previewReplicaCount until shortly before the switch."""
    strategy = rollout.spec.strategy.blue_green
    if strategy is None or strategy.preview_replica_count is None:
        return rollout.replicas
    status = rollout.status
    active = by_hash(sets, status.blue_green.active_selector)
    if active is None or active.name == new.name or status.promote_full:
        return rollout.replicas
    if pod_hash_of(new) != status.current_pod_hash:
        return strategy.preview_replica_count
    resumed = not rollout.spec.paused and not status.pause_conditions
    if resumed and status.blue_green.scale_up_preview_check_point:
        return rollout.replicas
    return strategy.preview_replica_count


def is_saturated(rollout: Rollout, found: ReplicaSet | None) -> bool:
    """Whether all pods are desired, recorded and available."""
    if found is None or not found.annotations.get(DESIRED_REPLICAS, "").isdecimal():
        return False
    noted = int(found.annotations[DESIRED_REPLICAS])
    return found.replicas == noted == found.available == rollout.replicas


def is_ready_for_pause(rollout: Rollout, sets: Sequence[ReplicaSet], new: ReplicaSet) -> bool:
    """Whether the new pods are complete at the size that is wanted now."""
    return new_size(rollout, sets, new) == new.replicas == new.available
