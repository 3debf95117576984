"""Taint eviction: Pods that do not tolerate a NoExecute taint of their Node are evicted, after `tolerationSeconds`.

Owns the Pod's condition DisruptionTarget. A taint counts from its `timeAdded`, else from when it was first seen here,
so it starts over after a restart, as upstream.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.workloads.decision import (
    NOTHING,
    Controller,
    Decision,
    Event,
    Step,
    delete,
    earliest,
    instant,
    later,
    stamp,
    with_status,
)
from argosy.cluster.workloads.nodes.nodes import tolerations_of
from argosy.cluster.workloads.pods import is_active, set_condition
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of

COMPONENT = "taint-eviction-controller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    pod: JsonObject
    taints: tuple[tuple[JsonObject, datetime | None], ...]
    """NoExecute taints of its Node, and since when each counts; None means not seen before."""


def look(view: View, key: Key) -> Seen | None:
    pod = view.get("pods", key)
    if pod is None or not is_active(pod):
        return None
    taints = _taints(view.get("nodes", Key("", pod["spec"].get("nodeName") or "")))
    uid = pod["metadata"]["uid"]
    return Seen(pod=pod, taints=tuple((item, _since(view, uid, item)) for item in taints)) if taints else None


def _taints(node: JsonObject | None) -> list[JsonObject]:
    taints = ((node or {}).get("spec") or {}).get("taints") or ()
    return [taint for taint in taints if taint.get("effect") == "NoExecute"]


def _since(view: View, uid: str, taint: JsonObject) -> datetime | None:
    return instant(taint["timeAdded"]) if taint.get("timeAdded") else view.marked(uid, _label(taint))


def _label(taint: JsonObject) -> str:
    return f"taint/{taint['key']}={taint.get('value') or ''}"


def decide(seen: Seen, now: datetime) -> Decision:
    uid = seen.pod["metadata"]["uid"]
    marks = tuple((uid, _label(taint)) for taint, since in seen.taints if since is None)
    due = earliest(*(_evicted_at(seen.pod, taint, since or now) for taint, since in seen.taints))
    if due is None:
        return NOTHING
    return Decision((), due, marks=marks) if now < due else Decision(tuple(_evicted(seen.pod, now)))


def _evicted_at(pod: JsonObject, taint: JsonObject, since: datetime) -> datetime | None:
    """When the Pod must be evicted because of the taint; None when it may stay for ever."""
    found = tolerations_of(pod, taint)
    if not found:
        return since
    limits = [item["tolerationSeconds"] for item in found if item.get("tolerationSeconds") is not None]
    return later(since, max(0, min(limits))) if limits else None


def _evicted(pod: JsonObject, now: datetime) -> Iterable[Step]:
    status = dict(pod.get("status") or {})
    target = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastTransitionTime": stamp(now),
        "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint",
    }
    set_condition(status, target)
    yield with_status(pod, status)
    yield delete(pod)
    text = f"Marking for deletion Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
    yield Event(about=pod, reason="TaintManagerEviction", message=text, component=COMPONENT)


def _tainted(view: View, pod: JsonObject) -> list[Key]:
    """Very few Pods: only those whose Node has such a taint."""
    name = pod["spec"].get("nodeName")
    return [key_of(pod)] if name and _taints(view.get("nodes", Key("", name))) else []


def _on_tainted(view: View, node: JsonObject) -> list[Key]:
    """A removed taint needs no processing: the scheduled run then finds nothing to do."""
    return [key_of(pod) for pod in view.on_node(node["metadata"]["name"])] if _taints(node) else []


CONTROLLER = Controller(
    name="taint-eviction", look=look, decide=decide, routes={"pods": _tainted, "nodes": _on_tainted}
)
