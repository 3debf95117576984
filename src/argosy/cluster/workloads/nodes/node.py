"""Nodes: simulated kubelets report their status, and a Node without a kubelet becomes unknown (kinds sheet 5.6).

An added Node runs Pods like the one that the simulation created, unless its annotation
`simulation.argosy.dev/kubelet` is "false". A simulation without a Node of its own simulates only those that say "true":
any other is left as it was created, as on a real cluster, and after a minute its status becomes unknown.
"""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.decision import (
    KUBELET,
    NOTHING,
    Controller,
    Decision,
    seconds_after,
    stamp,
    update,
    with_status,
)
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.nodes.nodes import SIMULATED, node_status
from argosy.cluster.workloads.pods import condition, is_deleting, is_true
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
STARTUP_GRACE = 60.0
"""Seconds before a new Node without reports counts as silent."""
_CONDITIONS = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")


def look(view: View, key: Key) -> JsonObject | None:
    node = view.get("nodes", key)
    return node if node is not None and not is_deleting(node) else None


def is_simulated(node: JsonObject, *, unless_said: bool) -> bool:
    said = (node["metadata"].get("annotations") or {}).get(SIMULATED)
    return unless_said if said is None else bool(said == "true")


def _untainted(node: JsonObject) -> Decision:
    """A ready Node loses the taint that it was created with."""
    taints = (node.get("spec") or {}).get("taints") or []
    kept = [taint for taint in taints if taint["key"] not in (NOT_READY, UNREACHABLE)]
    return _tainted(node, kept) if is_true(node, "Ready") and kept != taints else NOTHING


def _tainted(node: JsonObject, taints: list[JsonObject]) -> Decision:
    spec = {**(node.get("spec") or {}), "taints": taints}
    return Decision((update({**node, "metadata": dict(node["metadata"]), "spec": spec}),))


def _silent(node: JsonObject, now: datetime) -> Decision:
    """A Node whose kubelet never reported."""
    ready = condition(node, "Ready")
    if ready is None:
        due = seconds_after(node["metadata"]["creationTimestamp"], STARTUP_GRACE)
        if now < due:
            return Decision((), due)
        return Decision((with_status(node, _unknown(node, now)),))
    taints = (node.get("spec") or {}).get("taints") or []
    if ready["status"] != "Unknown" or any(taint["key"] == UNREACHABLE for taint in taints):
        return NOTHING
    fresh = [{"key": UNREACHABLE, "effect": effect, "timeAdded": stamp(now)} for effect in ("NoSchedule", "NoExecute")]
    return _tainted(node, [*(taint for taint in taints if taint["key"] != NOT_READY), *fresh])


def _unknown(node: JsonObject, now: datetime) -> JsonObject:
    status, time = node.get("status") or {}, stamp(now)
    known = {item["type"] for item in status.get("conditions") or ()}
    unknown = [
        {
            "type": kind, "status": "Unknown", "lastHeartbeatTime": node["metadata"]["creationTimestamp"],
            "lastTransitionTime": time, "reason": "NodeStatusNeverUpdated",
            "message": "Kubelet never posted node status.",
        }
        for kind in _CONDITIONS
        if kind not in known
    ]  # fmt: skip
    return {**status, "conditions": [*(status.get("conditions") or ()), *unknown]}


def make_controller(version: str, simulated: str) -> Controller:
    """`simulated`: the Node of the settings, empty for none."""

    def decide(node: JsonObject, now: datetime) -> Decision:
        if not is_simulated(node, unless_said=bool(simulated)):
            return _silent(node, now)
        if (node.get("status") or {}).get("nodeInfo", {}).get("kubeletVersion"):
            return _untainted(node)
        return Decision((with_status(node, node_status(node, version, now), KUBELET),))

    return Controller(name="node", background=True, look=look, decide=decide, routes={"nodes": itself})
