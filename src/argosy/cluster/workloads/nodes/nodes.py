"""Simulated Nodes: their status, and which Pods fit on them (kinds sheet 5.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from argosy.cluster.quota_usage import amounts_of
from argosy.cluster.workloads.decision import stamp
from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import nano_units, of
from argosy.machinery.selectors import LabelSelector, label_selector_of

SIMULATED = "simulation.argosy.dev/kubelet"
"""The annotation by which a Node gets a simulated kubelet."""
ADDRESS = "10.42.255.1"
CAPACITY = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "10000"}
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def node_object(name: str, labels: JsonObject | None = None) -> JsonObject:
    own = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**own, **(labels or {})}, "annotations": {SIMULATED: "true"}},
        "spec": {},
    }


def node_status(node: JsonObject, version: str, now: datetime) -> JsonObject:
    """The status that a kubelet reports; capacity that was set on the Node is kept."""
    given, time = node.get("status") or {}, stamp(now)
    capacity = given.get("capacity") or CAPACITY
    kept = {item["type"]: item for item in given.get("conditions") or ()}
    conditions = [
        kept.get(kind)
        or {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": time,
            "lastTransitionTime": time,
            "reason": reason,
            "message": message,
        }
        for kind, status, reason, message in _CONDITIONS
    ]
    return {
        **given,
        "capacity": capacity,
        "allocatable": given.get("allocatable") or capacity,
        "conditions": conditions,
        "addresses": given.get("addresses")
        or [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": node["metadata"]["name"]}],
        "nodeInfo": {
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "kernelVersion": "simulated",
            "osImage": "simulated",
            "containerRuntimeVersion": "sim://1",
            "kubeletVersion": version,
            "kubeProxyVersion": "",
            "operatingSystem": "linux",
            "architecture": "amd64",
        },
    }


def fits(pod: JsonObject, node: JsonObject, pods: Sequence[JsonObject], count: int) -> str:
    """Why the Pod cannot run there, in the scheduler's wording; empty when it can.

    `count` is the number of Pods on the Node; `pods` lists them, or is empty when the Pod requests nothing.
    """
    if (node.get("spec") or {}).get("unschedulable") and not tolerations_of(
        pod, {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
    ):
        return "node(s) were unschedulable"
    if not selects(pod["spec"], node):
        return "node(s) didn't match Pod's node affinity/selector"
    for taint in untolerated(pod, node, ("NoSchedule", "NoExecute")):
        return f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value') or ''}}}"
    return _lacking(pod, node, pods, count)


def selects(spec: JsonObject, node: JsonObject) -> bool:
    """nodeSelector and required node affinity."""
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(name) != value for name, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get(
        "requiredDuringSchedulingIgnoredDuringExecution"
    )
    terms = (affinity or {}).get("nodeSelectorTerms")
    return affinity is None or any(_term_holds(term, node, labels) for term in terms or ())


def _term_holds(term: JsonObject, node: JsonObject, labels: JsonObject) -> bool:
    expressions, names = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not names:
        return False
    fields = {"metadata.name": node["metadata"]["name"]}
    return _hold(expressions, labels) and _hold(names, fields)


def _hold(expressions: Iterable[JsonObject], values: JsonObject) -> bool:
    plain = [item for item in expressions if item["operator"] not in ("Gt", "Lt")]
    bounds = [item for item in expressions if item["operator"] in ("Gt", "Lt")]
    selector: LabelSelector = label_selector_of({"matchExpressions": plain})
    return selector.matches(values) and all(_bound_holds(item, values) for item in bounds)


def _bound_holds(item: JsonObject, values: JsonObject) -> bool:
    value, bound = values.get(item["key"], ""), item["values"][0]
    if not (value.lstrip("-").isdigit() and bound.lstrip("-").isdigit()):
        return False
    return int(value) > int(bound) if item["operator"] == "Gt" else int(value) < int(bound)


def untolerated(pod: JsonObject, node: JsonObject, effects: Sequence[str]) -> list[JsonObject]:
    taints = (node.get("spec") or {}).get("taints") or ()
    return [taint for taint in taints if taint.get("effect") in effects and not tolerations_of(pod, taint)]


def tolerations_of(pod: JsonObject, taint: JsonObject) -> list[JsonObject]:
    """The Pod's tolerations that tolerate the taint."""
    return [item for item in pod["spec"].get("tolerations") or () if _tolerates(item, taint)]


def _tolerates(toleration: JsonObject, taint: JsonObject) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint.get("effect"):
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or bool(toleration["key"] == taint["key"])
    same = (toleration.get("value") or "") == (taint.get("value") or "")
    return same and bool(toleration.get("key") == taint["key"])


def _lacking(pod: JsonObject, node: JsonObject, pods: Sequence[JsonObject], count: int) -> str:
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    if "pods" in allocatable and count >= nano_units(of(allocatable["pods"])) // 10**9:
        return "Too many pods"
    for name, wanted in requests_of(pod).items():
        if name not in allocatable:
            if name in ("cpu", "memory", "ephemeral-storage"):
                continue
            return f"Insufficient {name}"
        used = sum(requests_of(other).get(name, 0) for other in pods)
        if wanted and used + wanted > nano_units(of(allocatable[name])):
            return f"Insufficient {name}"
    return ""


def requests_of(pod: JsonObject) -> dict[str, int]:
    """Nano-units by resource: the containers' sum, or the largest init container."""
    return amounts_of(pod, "requests")
