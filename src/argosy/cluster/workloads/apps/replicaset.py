"""ReplicaSet and ReplicationController: keeps the wanted number of Pods; the least useful are deleted first (5.2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.apps.adoption import adopted, orphans_of
from argosy.cluster.workloads.apps.rollout_arithmetic import size
from argosy.cluster.workloads.decision import (
    Controller,
    Decision,
    Event,
    Failure,
    Step,
    create,
    delete,
    instant,
    merge,
    slow_start,
    stamp,
    with_status,
)
from argosy.cluster.workloads.matching import itself, matches, matches_labels, owner_or_adopter
from argosy.cluster.workloads.pods import (
    FINISHED,
    condition,
    from_template,
    is_active,
    is_available,
    is_deleting,
    is_ready,
    next_available,
    phase,
)
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

BURST = 500
"""Maximum Pods created or deleted in one step."""
COST = "controller.kubernetes.io/pod-deletion-cost"
_PHASES = {"Pending": 0, "Unknown": 1, "": 1, "Running": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    owner: JsonObject
    pods: tuple[JsonObject, ...]
    orphans: tuple[JsonObject, ...]
    names: tuple[str, ...]
    """The names for the missing Pods."""
    neighbours: Counter[str]
    """Active Pods of the same owner by node."""
    most: int
    """Maximum Pods of one owner in the simulation."""


def selector_of(owner: JsonObject) -> JsonObject | None:
    """As a LabelSelector; a ReplicationController's is a plain map."""
    selector: JsonObject | None = owner["spec"].get("selector") or None
    return selector if owner["kind"] == "ReplicaSet" or selector is None else {"matchLabels": selector}


def look(view: View, plural: str, key: Key) -> Seen | None:
    owner = view.get(plural, key)
    if owner is None:
        return None
    pods = view.owned("pods", owner)
    missing = min(size(owner), view.pods_per_owner) - sum(map(is_active, pods))
    return Seen(
        owner=owner,
        pods=tuple(pods),
        orphans=orphans_of(view, "pods", owner, selector_of(owner), is_active),
        names=view.free_pod_names(owner, f"{key.name}-", max(0, min(missing, BURST))),
        neighbours=Counter(pod["spec"].get("nodeName") or "" for pod in pods if is_active(pod)),
        most=view.pods_per_owner,
    )


def decide(seen: Seen, now: datetime) -> Decision:
    owner, selector = seen.owner, selector_of(seen.owner)
    strangers = [pod for pod in seen.pods if not matches(selector, pod) and not is_deleting(pod)]
    steps: list[Step] = [merge(pod, {"metadata": {"ownerReferences": _others(pod, owner)}}) for pod in strangers]
    steps += [adopted(pod, owner) for pod in seen.orphans]
    if steps:
        return Decision(tuple(steps))
    active = [pod for pod in seen.pods if is_active(pod)]
    status = status_of(owner, active, _terminating(seen), now)
    missing = size(owner) - len(active)
    if not is_deleting(owner) and missing:
        steps += _create(seen) if missing > 0 else _delete(seen, active, min(-missing, BURST), now)
    if (failure := condition(owner, "ReplicaFailure")) is not None and missing:
        status["conditions"] = owner["status"]["conditions"]
    elif failure is None and missing > 0 and len(active) >= seen.most:
        _set_full(seen, status, steps, now)
    if status != (owner.get("status") or {}):
        steps.append(with_status(owner, status))
    wake_at = next_available(active, owner["spec"].get("minReadySeconds") or 0, now)
    return Decision(tuple(steps), wake_at)


def _set_full(seen: Seen, status: JsonObject, steps: list[Step], now: datetime) -> None:
    """The simulation's limit of Pods per owner is reached: reported once, as a condition and an Event. In place."""
    text = f"the simulation holds at most {seen.most} Pods of one owner"
    status["conditions"] = [_failure("FailedCreate", text, now)]
    steps.append(_event(seen.owner, "FailedCreate", f"Error creating: {text}", warning=True))


def _failure(reason: str, message: str, now: datetime) -> JsonObject:
    time = stamp(now)
    return {
        "type": "ReplicaFailure", "status": "True", "lastTransitionTime": time, "reason": reason, "message": message,
    }  # fmt: skip


def _others(pod: JsonObject, owner: JsonObject) -> list[JsonObject]:
    references = pod["metadata"].get("ownerReferences") or ()
    return [reference for reference in references if reference.get("uid") != owner["metadata"]["uid"]]


def _create(seen: Seen) -> list[Step]:
    owner, prefix = seen.owner, f"{seen.owner['metadata']['name']}-"
    pods = (from_template(owner, owner["spec"]["template"], name, prefix) for name in seen.names)
    return list(slow_start((create(pod), _event(owner, "SuccessfulCreate", _created(pod))) for pod in pods))


def _created(pod: JsonObject) -> str:
    return f"Created pod: {pod['metadata']['name']}"


def _delete(seen: Seen, active: list[JsonObject], count: int, now: datetime) -> list[Step]:
    ranked = sorted(active, key=lambda pod: deletion_rank(pod, seen.neighbours, now))
    steps: list[Step] = []
    for pod in ranked[:count]:
        steps.append(delete(pod))
        steps.append(_event(seen.owner, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}"))
    return steps


def deletion_rank(pod: JsonObject, neighbours: Counter[str], now: datetime) -> tuple[object, ...]:
    """Pods to delete first sort first."""
    node, annotations = pod["spec"].get("nodeName") or "", pod["metadata"].get("annotations") or {}
    cost = annotations.get(COST, "0")
    ready = condition(pod, "Ready") or {}
    since = ready.get("lastTransitionTime") if is_ready(pod) else None
    restarts = sum(item.get("restartCount") or 0 for item in (pod.get("status") or {}).get("containerStatuses") or ())
    return (
        bool(node),
        _PHASES.get(phase(pod), 2),
        is_ready(pod),
        int(cost) if cost.lstrip("-").isdigit() else 0,
        -neighbours[node],
        _age_class(since, now),
        -restarts,
        _age_class(pod["metadata"]["creationTimestamp"], now),
        pod["metadata"]["uid"],
    )


def _age_class(since: str | None, now: datetime) -> int:
    """Ages of the same power of two count as equal."""
    return int((now - instant(since)).total_seconds()).bit_length() if since else 0


def _terminating(seen: Seen) -> int:
    return sum(is_deleting(pod) and phase(pod) not in FINISHED for pod in seen.pods)


def status_of(owner: JsonObject, active: list[JsonObject], terminating: int, now: datetime) -> JsonObject:
    minimum = owner["spec"].get("minReadySeconds") or 0
    template_labels = (owner["spec"]["template"].get("metadata") or {}).get("labels")
    counts = {
        "replicas": len(active),
        "fullyLabeledReplicas": sum(matches_labels(template_labels, pod) for pod in active),
        "readyReplicas": sum(map(is_ready, active)),
        "availableReplicas": sum(is_available(pod, minimum, now) for pod in active),
        "terminatingReplicas": terminating,
        "observedGeneration": owner["metadata"].get("generation") or 0,
    }
    kept = ("replicas", "terminatingReplicas")
    if owner["kind"] != "ReplicaSet":
        del counts["terminatingReplicas"]
    return {name: count for name, count in counts.items() if count or name in kept}


def _event(owner: JsonObject, reason: str, message: str, *, warning: bool = False) -> Event:
    component = "replicaset-controller" if owner["kind"] == "ReplicaSet" else "replication-controller"
    return Event(owner, reason, message, "Warning" if warning else "Normal", component=component)


def report(seen: Seen, now: datetime, failure: Failure) -> Decision:
    """A refused creation or deletion becomes a condition and an Event."""
    if failure.write.resource.plural != "pods":
        return Decision()
    word, verb = ("FailedCreate", "creating") if failure.write.verb == "create" else ("FailedDelete", "deleting")
    steps: list[Step] = [_event(seen.owner, word, f"Error {verb}: {failure.error.message}", warning=True)]
    current = condition(seen.owner, "ReplicaFailure") or {}
    if (current.get("reason"), current.get("message")) != (word, failure.error.message):
        failed = _failure(word, failure.error.message, now)
        status = {
            **status_of(seen.owner, [pod for pod in seen.pods if is_active(pod)], _terminating(seen), now),
            "conditions": [failed],
        }
        steps.append(with_status(seen.owner, status))
    return Decision(tuple(steps))


def _controller(kind: str, plural: str) -> Controller:
    return Controller(
        name=kind.lower(),
        look=lambda view, key: look(view, plural, key),
        decide=decide,
        report=report,
        routes={plural: itself, "pods": owner_or_adopter(kind, plural, selector_of)},
    )


CONTROLLERS = (
    _controller("ReplicaSet", "replicasets"),
    _controller("ReplicationController", "replicationcontrollers"),
)
