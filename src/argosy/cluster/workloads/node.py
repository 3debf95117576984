"""The kubelets' own object: a Node without a status gets one."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.decision import KUBELET, NOTHING, Controller, Decision, update, with_status
from argosy.cluster.workloads.matching import itself
from argosy.cluster.workloads.nodes import node_status
from argosy.cluster.workloads.pods import is_true
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key

NOT_READY = "node.kubernetes.io/not-ready"


def look(view: View, key: Key) -> JsonObject | None:
    return view.get("nodes", key)


def _untainted(node: JsonObject) -> Decision:
    """A Node that is ready loses the taint that it was born with."""
    taints = node["spec"].get("taints") or []
    kept = [taint for taint in taints if taint["key"] != NOT_READY]
    if not is_true(node, "Ready") or kept == taints:
        return NOTHING
    return Decision((update({**node, "metadata": dict(node["metadata"]), "spec": {**node["spec"], "taints": kept}}),))


def make_controller(version: str) -> Controller:
    def decide(node: JsonObject, now: datetime) -> Decision:
        if (node.get("status") or {}).get("nodeInfo", {}).get("kubeletVersion"):
            return _untainted(node)
        return Decision((with_status(node, node_status(node, version, now), KUBELET),))

    return Controller(name="node", look=look, decide=decide, routes={"nodes": itself})
