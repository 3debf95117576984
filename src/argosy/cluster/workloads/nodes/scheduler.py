"""Scheduler: binds every Pod to a Node, or says why none fits (kinds sheet 5.6)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.configuration import names_used, unbound_claim
from argosy.cluster.workloads.decision import (
    NOTHING,
    SCHEDULER,
    Controller,
    Decision,
    Event,
    Write,
    stamp,
    with_status,
)
from argosy.cluster.workloads.nodes.nodes import fits, requests_of
from argosy.cluster.workloads.pods import condition, is_active, is_deleting
from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of


@dataclass(frozen=True, slots=True)
class Seen:
    pod: JsonObject
    nodes: tuple[tuple[JsonObject, int, tuple[JsonObject, ...]], ...]
    """Every Node, its number of Pods, and those Pods when their requests matter."""
    unbound: str
    """Why the Pod's claims rule out every Node; empty when they do not."""


def look(view: View, key: Key) -> Seen | None:
    pod = view.get("pods", key)
    if pod is None or not _waits(pod):
        return None
    wants = bool(requests_of(pod))
    names = [(node, node["metadata"]["name"]) for node in view.every("nodes")]
    nodes = tuple((node, view.count_on_node(name), tuple(view.on_node(name)) if wants else ()) for node, name in names)
    return Seen(pod, nodes, unbound_claim(view, pod))


def _waits(pod: JsonObject) -> bool:
    spec = pod["spec"]
    return (
        not spec.get("nodeName")
        and not spec.get("schedulingGates")
        and spec.get("schedulerName", "default-scheduler") == "default-scheduler"
        and is_active(pod)
        and not is_deleting(pod)
    )


def decide(seen: Seen, now: datetime) -> Decision:
    pod = seen.pod
    if seen.unbound:
        return _unschedulable(pod, len(seen.nodes), seen.unbound, now)
    refusals: Counter[str] = Counter()
    open_nodes = []
    for node, count, pods in seen.nodes:
        why = fits(pod, node, pods, count)
        if why:
            refusals[why] += 1
        else:
            open_nodes.append((count, node["metadata"]["name"]))
    if not open_nodes:
        reasons = ", ".join(f"{count} {why}" for why, count in sorted(refusals.items()))
        return _unschedulable(pod, len(seen.nodes), reasons, now)
    name, metadata = min(open_nodes)[1], pod["metadata"]
    body = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "target": {"apiVersion": "v1", "kind": "Node", "name": name},
    }
    binding = Write(
        verb="create",
        resource=RESOURCES["pods"],
        key=key_of(pod),
        subresource="binding",
        body=body,
        manager=SCHEDULER,
    )
    text = f"Successfully assigned {metadata['namespace']}/{metadata['name']} to {name}"
    return Decision((binding, Event(about=pod, reason="Scheduled", message=text, component="default-scheduler")))


def _unschedulable(pod: JsonObject, nodes: int, reasons: str, now: datetime) -> Decision:
    places = f"0/{nodes} nodes are available"
    text = f"{places}: {reasons or 'no nodes are known'}."
    if nodes:
        helpless = f"{nodes} Preemption is not helpful for scheduling"
        text = f"{text} no new claims to deallocate, preemption: {places}: {helpless}."
    current = condition(pod, "PodScheduled") or {}
    if (current.get("reason"), current.get("message")) == ("Unschedulable", text):
        return NOTHING
    status = dict(pod.get("status") or {})
    others = [item for item in status.get("conditions") or () if item["type"] != "PodScheduled"]
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": text}
    since = current.get("lastTransitionTime") if current.get("status") == "False" else None
    refused["lastTransitionTime"] = since or stamp(now)
    status["conditions"] = [*others, refused]
    happening = Event(about=pod, reason="FailedScheduling", message=text, component="default-scheduler", type="Warning")
    return Decision((with_status(pod, status, SCHEDULER), happening))


def _waiting_pods(view: View, obj: JsonObject) -> list[Key]:
    return [key_of(pod) for pod in view.unassigned() if _waits(pod)]


def _itself_or_waiting(view: View, pod: JsonObject) -> list[Key]:
    """A Pod that ends or is deleted makes room for those that wait."""
    if _waits(pod):
        return [key_of(pod)]
    return [] if is_active(pod) else _waiting_pods(view, pod)


def _users_of_claim(view: View, claim: JsonObject) -> list[Key]:
    place, namespace = ("persistentvolumeclaims", claim["metadata"]["name"]), claim["metadata"]["namespace"]
    return [key_of(pod) for pod in view.pending(namespace) if _waits(pod) and place in names_used(pod)]


CONTROLLER = Controller(
    name="scheduler",
    look=look,
    decide=decide,
    routes={"pods": _itself_or_waiting, "nodes": _waiting_pods, "persistentvolumeclaims": _users_of_claim},
)
