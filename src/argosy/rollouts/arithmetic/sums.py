"""Sums over ReplicaSets, and predicates on one."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.apis.kubernetes.views.apps import ReplicaSet

HASH_LABEL = "rollouts-pod-template-hash"


def pod_hash_of(found: ReplicaSet | None) -> str:
    return found.labels.get(HASH_LABEL, "") if found is not None else ""


def total_replicas(sets: Iterable[ReplicaSet | None]) -> int:
    """Desired pods."""
    return sum(found.replicas for found in sets if found is not None)


def total_available(sets: Iterable[ReplicaSet | None]) -> int:
    return sum(found.available for found in sets if found is not None)


def total_ready(sets: Iterable[ReplicaSet | None]) -> int:
    return sum(found.status.ready_replicas for found in sets if found is not None)


def total_actual(sets: Iterable[ReplicaSet | None]) -> int:
    """Existing pods."""
    return sum(found.status.replicas for found in sets if found is not None)


def is_separate(new: ReplicaSet | None, stable: ReplicaSet | None) -> bool:
    """Whether there is a stable ReplicaSet other than the new one."""
    return stable is not None and (new is None or new.name != stable.name)


def is_fully_available(found: ReplicaSet) -> bool:
    return found.replicas != 0 and found.available != 0 and found.replicas <= found.available


def is_active(found: ReplicaSet | None) -> bool:
    return found is not None and found.replicas > 0
