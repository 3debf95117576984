"""PodDisruptionBudget status: how many Pods may be evicted now (kinds sheet 5.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from argosy.cluster.workloads.apps.rollout_arithmetic import size
from argosy.cluster.workloads.decision import NOTHING, Controller, Decision, instant, stamp, with_status
from argosy.cluster.workloads.matching import itself, matches, selecting_in_namespace
from argosy.cluster.workloads.pods import FINISHED, is_deleting, is_ready, percent_of, phase
from argosy.cluster.workloads.view import View, controller_of
from argosy.machinery.objects import JsonObject, Key

DISRUPTION_TIMEOUT = timedelta(minutes=2)
"""How long an eviction may take to become visible before its budget is returned."""


@dataclass(frozen=True, slots=True)
class Seen:
    budget: JsonObject
    pods: tuple[JsonObject, ...]
    expected: int


def _covers(budget: JsonObject, pod: JsonObject) -> bool:
    return matches((budget.get("spec") or {}).get("selector"), pod)


def look(view: View, key: Key) -> Seen | None:
    budget = view.get("poddisruptionbudgets", key)
    if budget is None or is_deleting(budget):
        return None
    wanted = ((budget.get("spec") or {}).get("selector") or {}).get("matchLabels")
    pods = [pod for pod in view.labelled(key.namespace, wanted) if _covers(budget, pod) and phase(pod) not in FINISHED]
    return Seen(budget, tuple(pods), _expected(view, pods, key.namespace))


def _expected(view: View, pods: list[JsonObject], namespace: str) -> int:
    """The replicas that the Pods' controllers want, or the number of existing Pods when they have none."""
    plurals = {"ReplicaSet": "replicasets", "StatefulSet": "statefulsets"}
    owners: dict[str, JsonObject] = {}
    bare = 0
    for pod in pods:
        owner = controller_of(pod)
        plural = plurals.get(owner["kind"]) if owner is not None else None
        parent = view.get(plural, Key(namespace, owner["name"])) if plural and owner is not None else None
        if parent is None:
            bare += 1
        else:
            owners[parent["metadata"]["uid"]] = parent
    return bare + sum(map(size, owners.values()))


def decide(seen: Seen, now: datetime) -> Decision:
    budget, spec = seen.budget, seen.budget["spec"]
    before = budget.get("status") or {}
    names = {pod["metadata"]["name"] for pod in seen.pods if not is_deleting(pod)}
    disrupted = {
        name: time
        for name, time in (before.get("disruptedPods") or {}).items()
        if name in names and now < instant(time) + DISRUPTION_TIMEOUT
    }
    healthy = sum(
        is_ready(pod) and not is_deleting(pod) and pod["metadata"]["name"] not in disrupted for pod in seen.pods
    )
    if spec.get("maxUnavailable") is not None:
        desired = max(0, seen.expected - percent_of(spec["maxUnavailable"], seen.expected, up=True))
    else:
        desired = percent_of(spec.get("minAvailable", 1), seen.expected, up=True)
    allowed = max(0, healthy - desired) if seen.expected else 0
    status = {
        "observedGeneration": budget["metadata"].get("generation") or 0,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "expectedPods": seen.expected,
        "conditions": [_condition(before, allowed, budget, now)],
    }
    if disrupted:
        status["disruptedPods"] = disrupted
    wake_at = min((instant(time) + DISRUPTION_TIMEOUT for time in disrupted.values()), default=None)
    if status == before:
        return Decision((), wake_at) if wake_at else NOTHING
    return Decision((with_status(budget, status),), wake_at)


def _condition(before: JsonObject, allowed: int, budget: JsonObject, now: datetime) -> JsonObject:
    truth, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
    current = next((item for item in before.get("conditions") or () if item["type"] == "DisruptionAllowed"), None)
    same = current is not None and current["status"] == truth
    return {
        "type": "DisruptionAllowed",
        "status": truth,
        "observedGeneration": budget["metadata"].get("generation") or 0,
        "lastTransitionTime": current["lastTransitionTime"] if same and current is not None else stamp(now),
        "reason": reason,
        "message": "",
    }


CONTROLLER = Controller(
    name="disruption",
    look=look,
    decide=decide,
    routes={"poddisruptionbudgets": itself, "pods": selecting_in_namespace("poddisruptionbudgets", _covers)},
)
