"""The status of a Deployment: counts, and the conditions Progressing, Available, ReplicaFailure (kinds sheet 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from argosy.cluster.workloads.apps.rollout_arithmetic import Numbers, total
from argosy.cluster.workloads.decision import seconds_after, stamp
from argosy.cluster.workloads.pods import condition, drop_condition, set_condition
from argosy.machinery.objects import JsonObject

NO_DEADLINE = 2147483647
_KEPT = ("collisionCount", "terminatingReplicas")
"""Pointers upstream: a zero is printed."""
FINISHED, EXCEEDED = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


def _condition(kind: str, status: str, reason: str, message: str, now: datetime) -> JsonObject:
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": stamp(now),
        "lastTransitionTime": stamp(now),
        "reason": reason,
        "message": message,
    }


def has_deadline(deployment: JsonObject) -> bool:
    return deployment["spec"].get("progressDeadlineSeconds") not in (None, NO_DEADLINE)


def pause_change(deployment: JsonObject, now: datetime) -> JsonObject | None:
    """The status that records a pause or a resume, or None when it is recorded."""
    if not has_deadline(deployment):
        return None
    current = condition(deployment, "Progressing") or {}
    if current.get("reason") == EXCEEDED:
        return None
    paused = bool(deployment["spec"].get("paused"))
    if paused == (current.get("reason") == "DeploymentPaused"):
        return None
    word = "Paused" if paused else "Resumed"
    status = dict(deployment.get("status") or {})
    message = f"Deployment is {word.lower()}"
    set_condition(status, _condition("Progressing", "Unknown", f"Deployment{word}", message, now))
    return status


def with_new_set(deployment: JsonObject, name: str, now: datetime, *, made: bool) -> JsonObject:
    """The status that records where the new ReplicaSet came from; a resume is shown until there is progress."""
    status = dict(deployment.get("status") or {})
    current = condition(deployment, "Progressing")
    resumed = current is not None and current.get("reason") == "DeploymentResumed"
    if has_deadline(deployment) and ((made and not resumed) or current is None):
        reason, word = ("NewReplicaSetCreated", "Created") if made else ("FoundNewReplicaSet", "Found")
        text = f'{word} new replica set "{name}"'
        set_condition(status, _condition("Progressing", "True", reason, text, now))
    return status


def counted(
    deployment: JsonObject, numbers: Numbers, sets: Sequence[JsonObject], new: JsonObject | None, now: datetime
) -> JsonObject:
    """Counts and Available; zero counts are left out, as they are stored."""

    def added(field: str) -> int:
        return sum((item.get("status") or {}).get(field) or 0 for item in sets)

    before, available = deployment.get("status") or {}, added("availableReplicas")
    status: JsonObject = {
        "observedGeneration": deployment["metadata"].get("generation") or 0,
        "replicas": added("replicas"),
        "updatedReplicas": ((new or {}).get("status") or {}).get("replicas") or 0,
        "readyReplicas": added("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, total(sets) - available),
        "terminatingReplicas": added("terminatingReplicas"),
        "conditions": list(before.get("conditions") or ()),
    }
    if before.get("collisionCount") is not None:
        status["collisionCount"] = before["collisionCount"]
    if available >= numbers.minimum:
        text = "Deployment has minimum availability."
        set_condition(status, _condition("Available", "True", "MinimumReplicasAvailable", text, now))
    else:
        text = "Deployment does not have minimum availability."
        set_condition(status, _condition("Available", "False", "MinimumReplicasUnavailable", text, now))
    return {name: value for name, value in status.items() if value or name in _KEPT}


def is_complete(deployment: JsonObject, status: JsonObject) -> bool:
    replicas = deployment["spec"].get("replicas")
    desired = 1 if replicas is None else replicas
    counts = [status.get(name) or 0 for name in ("updatedReplicas", "replicas", "availableReplicas")]
    observed = (status.get("observedGeneration") or 0) >= (deployment["metadata"].get("generation") or 0)
    return observed and all(count == desired for count in counts)


def progressed(
    deployment: JsonObject, numbers: Numbers, sets: Sequence[JsonObject], new: JsonObject | None, now: datetime
) -> tuple[JsonObject, datetime | None]:
    """The status after a step of a rollout, and when its deadline must be checked."""
    status = counted(deployment, numbers, sets, new, now)
    wake_at = None
    if has_deadline(deployment):
        _set_progressing(deployment, status, new, now)
        wake_at = _deadline(deployment, status, now)
    else:
        drop_condition(status, "Progressing")
    _set_failure(status, sets, new, now)
    return status, wake_at


def _set_progressing(deployment: JsonObject, status: JsonObject, new: JsonObject | None, now: datetime) -> None:
    current = condition(deployment, "Progressing")
    was_complete = current is not None and current.get("reason") == FINISHED
    if was_complete and (status.get("replicas") or 0) == (status.get("updatedReplicas") or 0):
        return
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new is not None else "Deployment"
    if is_complete(deployment, status):
        text = f"{subject} has successfully progressed."
        set_condition(status, _condition("Progressing", "True", FINISHED, text, now))
    elif _moved(deployment.get("status") or {}, status):
        fresh = _condition("Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.", now)
        if current is not None and current.get("status") == "True":
            fresh["lastTransitionTime"] = current["lastTransitionTime"]
        drop_condition(status, "Progressing")
        set_condition(status, fresh)
    else:
        due = _due(deployment, current)
        if due is not None and now >= due:
            text = f"{subject} has timed out progressing."
            set_condition(status, _condition("Progressing", "False", EXCEEDED, text, now))


def _moved(before: JsonObject, after: JsonObject) -> bool:
    def count(status: JsonObject, name: str) -> int:
        return status.get(name) or 0

    def outdated(status: JsonObject) -> int:
        return count(status, "replicas") - count(status, "updatedReplicas")

    grew = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return outdated(after) < outdated(before) or any(count(after, name) > count(before, name) for name in grew)


def _due(deployment: JsonObject, current: JsonObject | None) -> datetime | None:
    if current is None or current.get("reason") in (FINISHED, EXCEEDED):
        return None
    since = current.get("lastUpdateTime") or current["lastTransitionTime"]
    return seconds_after(since, deployment["spec"]["progressDeadlineSeconds"])


def _deadline(deployment: JsonObject, status: JsonObject, now: datetime) -> datetime | None:
    if deployment["spec"].get("paused"):
        return None
    due = _due(deployment, condition({"status": status}, "Progressing"))
    return due if due is not None and due > now else None


def _set_failure(status: JsonObject, sets: Sequence[JsonObject], new: JsonObject | None, now: datetime) -> None:
    ordered = [new, *sets] if new is not None else list(sets)
    found = next((failed for item in ordered if (failed := condition(item, "ReplicaFailure")) is not None), None)
    if found is None:
        drop_condition(status, "ReplicaFailure")
        return
    fresh = _condition("ReplicaFailure", found["status"], found.get("reason", ""), found.get("message", ""), now)
    set_condition(status, fresh)
