"""Restarts pods that are older than spec.restartAt, a few at a time. Section 8.6."""

from __future__ import annotations

from datetime import datetime, timedelta

from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.requests import Write
from argosy.rollouts.arithmetic.limits import max_unavailable
from argosy.rollouts.arithmetic.sums import total_replicas
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.resources import PODS
from argosy.rollouts.status.phase import is_restarting

LOOK_AGAIN = timedelta(seconds=30)


def restart_is_due(turn: Turn) -> bool:
    """Wakes the turn at a restart time in the future."""
    rollout = turn.rollout
    if not is_restarting(rollout.spec, rollout.status):
        return False
    due = timestamps.parse(rollout.spec.restart_at)
    turn.wake(due)
    return turn.now >= due


def restart_pods(turn: Turn) -> int:
    """How many pods were evicted; never more than may be unavailable. The restart is done when no old pod is left."""
    if not restart_is_due(turn):
        return 0
    rollout = turn.rollout
    due = timestamps.parse(rollout.spec.restart_at)
    pods = _in_order(turn)
    available = sum(pod_is_available(pod, rollout.spec.min_ready_seconds, turn.now) for pod in pods)
    floor = max(rollout.replicas, total_replicas(turn.sets)) - max(max_unavailable(rollout), 1)
    may_go, evicted = available - floor, 0
    old = [pod for pod in pods if timestamps.parse(pod["metadata"]["creationTimestamp"]) < due]
    for pod in old:
        if may_go > 0 and not pod["metadata"].get("deletionTimestamp"):
            turn.write(eviction(pod))
            may_go, evicted = may_go - 1, evicted + 1
    if len(old) > evicted:
        turn.wake(turn.now + LOOK_AGAIN)
    else:
        turn.status["restartedAt"] = rollout.spec.restart_at
    return evicted


def eviction(pod: JsonObject) -> Write:
    """Through the API that honours PodDisruptionBudgets, and only for the pod with this uid."""
    key: Key = key_of(pod)
    body = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": key.name, "namespace": key.namespace},
        "deleteOptions": {"preconditions": {"uid": pod["metadata"].get("uid")}},
    }
    return Write(verb="create", resource=PODS, key=key, body=body, subresource="eviction")


def _in_order(turn: Turn) -> list[JsonObject]:
    """Pods of the stable ReplicaSet first, then of the new one, then by age of their ReplicaSet."""
    first = [found.uid for found in (turn.stable, turn.new) if found is not None]
    order = [*first, *(found.uid for found in turn.sets if found.uid not in first)]
    owners = [
        (order.index(owner["uid"]), pod) for pod in turn.seen.pods for owner in _owners(pod) if owner["uid"] in order
    ]
    return [pod for _, pod in sorted(owners, key=lambda pair: pair[0])]


def _owners(pod: JsonObject) -> list[JsonObject]:
    return list(pod["metadata"].get("ownerReferences") or ())


def pod_is_available(pod: JsonObject, min_ready_seconds: int, now: datetime) -> bool:
    """Ready for long enough, and not being deleted."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    for condition in (pod.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Ready" and condition.get("status") == "True":
            since = condition.get("lastTransitionTime")
            ready_for = timedelta(seconds=min_ready_seconds)
            return not min_ready_seconds or (bool(since) and timestamps.parse(since) + ready_for <= now)
    return False
