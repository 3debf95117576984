"""DaemonSet: one Pod on every eligible Node (kinds sheet 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.apps import revisions
from argosy.cluster.workloads.apps.adoption import adopted, orphans_of
from argosy.cluster.workloads.decision import (
    Controller,
    Decision,
    Event,
    Step,
    create,
    delete,
    with_status,
)
from argosy.cluster.workloads.matching import all_of, itself, owner_or_adopter
from argosy.cluster.workloads.nodes.nodes import selects, untolerated
from argosy.cluster.workloads.pods import (
    FINISHED,
    from_template,
    is_available,
    is_deleting,
    is_ready,
    next_available,
    percent_of,
    phase,
)
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

GENERATION = "pod-template-generation"
TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_TOLERATED = (
    ("not-ready", "NoExecute"), ("unreachable", "NoExecute"), ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"), ("pid-pressure", "NoSchedule"), ("unschedulable", "NoSchedule"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    owner: JsonObject
    nodes: tuple[JsonObject, ...]
    pods: tuple[JsonObject, ...]
    revisions: tuple[JsonObject, ...]
    orphans: tuple[JsonObject, ...]
    """Pods and revisions to adopt."""
    taken: bool
    """The name of the next revision belongs to another object."""
    names: tuple[str, ...]


def look(view: View, key: Key) -> Seen | None:
    owner = view.get("daemonsets", key)
    if owner is None:
        return None
    nodes, pods = view.every("nodes"), view.owned("pods", owner)
    return Seen(
        owner=owner,
        nodes=tuple(nodes),
        pods=tuple(pods),
        revisions=tuple(view.owned("controllerrevisions", owner)),
        orphans=(*revisions.orphans(view, owner), *orphans_of(view, "pods", owner, owner["spec"]["selector"])),
        taken=revisions.is_taken(view, owner),
        names=view.free_pod_names(owner, f"{key.name}-", len(nodes)),
    )


def _tolerations(spec: JsonObject) -> list[JsonObject]:
    own = [{"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect} for name, effect in _TOLERATED]
    if spec.get("hostNetwork"):
        own.append({"key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule"})
    present = spec.get("tolerations") or []
    return [*present, *(item for item in own if item not in present)]


def _node_of(pod: JsonObject) -> str:
    """The Node that the Pod is on, or pinned to."""
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms") or ():
        for item in term.get("matchFields") or ():
            return str(item["values"][0])
    return ""


def decide(seen: Seen, now: datetime) -> Decision:
    owner = seen.owner
    if is_deleting(owner):
        return Decision()
    if seen.orphans:
        return Decision(tuple(adopted(orphan, owner) for orphan in seen.orphans))
    update, first = revisions.wanted(owner, seen.revisions, taken=seen.taken)
    if first is not None or update is None:
        return Decision((first,) if first is not None else ())
    hashed = update["metadata"]["labels"][revisions.LABEL]
    spec = {**owner["spec"]["template"]["spec"], "tolerations": _tolerations(owner["spec"]["template"]["spec"])}
    eligible, by_node = _eligible(seen, spec), _by_node(seen)
    steps = _out_of_place(owner, eligible, by_node)
    fresh = _replacements(seen, eligible, by_node, hashed, now, steps)
    for node, name in zip(sorted(set(eligible) - set(by_node)) + fresh, seen.names, strict=False):
        steps += _made(owner, spec, node, name, hashed)
    status = _status(seen, eligible, by_node, hashed, now)
    if status != (owner.get("status") or {}):
        steps.append(with_status(owner, status))
    live = {update["metadata"]["name"]} | {
        item["metadata"]["name"] for item in seen.revisions for pod in seen.pods if _hash(pod) == _hash(item)
    }
    steps += revisions.surplus(owner, seen.revisions, live)
    minimum = owner["spec"].get("minReadySeconds") or 0
    return Decision(tuple(steps), next_available(seen.pods, minimum, now))


def _eligible(seen: Seen, spec: JsonObject) -> dict[str, JsonObject]:
    probe = {"spec": spec, "metadata": {}}
    return {
        node["metadata"]["name"]: node
        for node in seen.nodes
        if selects(spec, node) and not untolerated(probe, node, ("NoSchedule", "NoExecute"))
    }


def _by_node(seen: Seen) -> dict[str, list[JsonObject]]:
    found: dict[str, list[JsonObject]] = {}
    for pod in seen.pods:
        found.setdefault(_node_of(pod), []).append(pod)
    return found


def _out_of_place(
    owner: JsonObject, eligible: dict[str, JsonObject], by_node: dict[str, list[JsonObject]]
) -> list[Step]:
    """Deletes Pods that have ended, and those on Nodes that are not (or no longer) eligible."""
    return [
        step
        for name, pods in sorted(by_node.items())
        for pod in pods
        if (name not in eligible or phase(pod) in FINISHED) and not is_deleting(pod)
        for step in _removed(owner, pod)
    ]


def _hash(obj: JsonObject) -> str:
    return str((obj["metadata"].get("labels") or {}).get(revisions.LABEL, ""))


def _replacements(
    seen: Seen,
    eligible: dict[str, JsonObject],
    by_node: dict[str, list[JsonObject]],
    hashed: str,
    now: datetime,
    steps: list[Step],
) -> list[str]:
    """Outdated Pods to delete now (appended to `steps`), or Nodes that get a second Pod first (surge)."""
    strategy = seen.owner["spec"].get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return []
    rolling, minimum = strategy.get("rollingUpdate") or {}, seen.owner["spec"].get("minReadySeconds") or 0
    surge = percent_of(rolling.get("maxSurge") or 0, len(eligible), up=True)
    allowed = percent_of(rolling.get("maxUnavailable", 1), len(eligible), up=True)

    def works(name: str, *, updated: bool = False) -> bool:
        return any(
            is_available(pod, minimum, now) and not is_deleting(pod) and (not updated or _hash(pod) == hashed)
            for pod in by_node.get(name, ())
        )

    unavailable = sum(not works(name) for name in eligible)
    surging = sum(len([pod for pod in by_node.get(name, ()) if not is_deleting(pod)]) > 1 for name in eligible)
    doubled = []
    for name in sorted(eligible):
        old = [pod for pod in by_node.get(name, ()) if _hash(pod) != hashed and not is_deleting(pod)]
        new = [pod for pod in by_node.get(name, ()) if _hash(pod) == hashed]
        for pod in old:
            broken = not is_available(pod, minimum, now)
            if works(name, updated=True) or (broken and not surge) or (not surge and unavailable < allowed):
                steps += _removed(seen.owner, pod)
                unavailable += 0 if broken or works(name, updated=True) else 1
            elif surge and not new and surging < surge:
                doubled.append(name)
                surging += 1
    return doubled


def _removed(owner: JsonObject, pod: JsonObject) -> list[Step]:
    return [delete(pod), _event(owner, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")]


def _made(owner: JsonObject, spec: JsonObject, node: str, name: str, hashed: str) -> list[Step]:
    pod = from_template(owner, owner["spec"]["template"], name, f"{owner['metadata']['name']}-")
    generation = (owner["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1")
    own = {revisions.LABEL: hashed, GENERATION: generation}
    pod["metadata"]["labels"] = {**(pod["metadata"].get("labels") or {}), **own}
    pinned = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]}
    affinity = dict(spec.get("affinity") or {})
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [pinned]}}
    affinity["nodeAffinity"] = {**(affinity.get("nodeAffinity") or {}), **required}
    pod["spec"] = {**spec, "affinity": affinity}
    return [create(pod), _event(owner, "SuccessfulCreate", f"Created pod: {name}")]


def _event(owner: JsonObject, reason: str, message: str) -> Event:
    return Event(about=owner, reason=reason, message=message, component="daemonset-controller")


def _status(
    seen: Seen, eligible: dict[str, JsonObject], by_node: dict[str, list[JsonObject]], hashed: str, now: datetime
) -> JsonObject:
    minimum = seen.owner["spec"].get("minReadySeconds") or 0
    alive = {name: [pod for pod in pods if not is_deleting(pod)] for name, pods in by_node.items()}
    here = {name: pods for name, pods in alive.items() if pods and name in eligible}
    available = sum(any(is_available(pod, minimum, now) for pod in pods) for pods in here.values())
    counts = {
        "currentNumberScheduled": len(here),
        "numberMisscheduled": sum(1 for name, pods in alive.items() if pods and name not in eligible),
        "desiredNumberScheduled": len(eligible),
        "numberReady": sum(any(map(is_ready, pods)) for pods in here.values()),
        "observedGeneration": seen.owner["metadata"].get("generation") or 0,
        "updatedNumberScheduled": sum(any(_hash(pod) == hashed for pod in pods) for pods in here.values()),
        "numberAvailable": available,
        "numberUnavailable": len(eligible) - available,
    }
    always = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    collisions = (seen.owner.get("status") or {}).get("collisionCount")
    kept = {} if collisions is None else {"collisionCount": collisions}
    return {name: count for name, count in counts.items() if count or name in always} | kept


CONTROLLER = Controller(
    name="daemonset",
    look=look,
    decide=decide,
    routes={
        "daemonsets": itself,
        "pods": owner_or_adopter("DaemonSet", "daemonsets"),
        "controllerrevisions": owner_or_adopter("DaemonSet", "daemonsets"),
        "nodes": all_of("daemonsets"),
    },
)
