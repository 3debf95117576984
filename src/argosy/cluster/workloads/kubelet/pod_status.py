"""A Pod's phase, address and conditions, derived from the statuses of its containers (kinds sheet 5.6)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.chance import fnv1a
from argosy.cluster.workloads.decision import stamp
from argosy.cluster.workloads.kubelet.containers import stopped
from argosy.cluster.workloads.nodes.nodes import ADDRESS
from argosy.cluster.workloads.pods import FINISHED
from argosy.machinery.objects import JsonObject


def all_statuses(status: JsonObject) -> list[JsonObject]:
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def set_phase(pod: JsonObject, status: JsonObject) -> None:
    states = [item["state"] for item in status["containerStatuses"]]
    codes = [state["terminated"].get("exitCode", 0) for state in states if "terminated" in state]
    if len(codes) == len(states):
        status["phase"] = "Failed" if any(codes) else "Succeeded"
        _end_sidecars(pod, status)
    elif any(
        "running" in state or item.get("lastState")
        for state, item in zip(states, status["containerStatuses"], strict=True)
    ):
        status["phase"] = "Running"
    elif pod["spec"].get("restartPolicy") == "Never" and any(
        ((item["state"].get("terminated") or {}).get("exitCode")) for item in status.get("initContainerStatuses") or ()
    ):
        status["phase"] = "Failed"


def _end_sidecars(pod: JsonObject, status: JsonObject) -> None:
    ended = max(item["state"]["terminated"].get("finishedAt") or "" for item in status["containerStatuses"])
    if status.get("initContainerStatuses") and ended:
        pairs = zip(pod["spec"]["initContainers"], status["initContainerStatuses"], strict=True)
        moment = datetime.fromisoformat(ended)
        status["initContainerStatuses"] = [stopped(container, item, moment, 0) for container, item in pairs]


def give_address(pod: JsonObject, status: JsonObject) -> None:
    if status.get("podIP"):
        return
    if pod["spec"].get("hostNetwork"):
        address = ADDRESS
    else:
        number = fnv1a(pod["metadata"]["uid"].encode()) % (254 * 250)
        address = f"10.42.{number // 254}.{number % 254 + 1}"
    status["podIP"], status["podIPs"] = address, [{"ip": address}]


Condition = tuple[bool, str, str]
"""(truth, reason, message)"""


def set_conditions(pod: JsonObject, status: JsonObject, now: datetime) -> None:
    """In place; PodScheduled belongs to the scheduler."""
    containers = _containers_ready(pod, status)
    finished = status.get("phase") in FINISHED
    _set(status, "PodReadyToStartContainers", (bool(status.get("podIP")) and not finished, "", ""), now)
    _set(status, "Initialized", _initialized(pod, status), now)
    _set(status, "Ready", _past_gates(pod, status) if containers[0] else containers, now)
    _set(status, "ContainersReady", containers, now)


def _inits(pod: JsonObject, status: JsonObject) -> list[tuple[JsonObject, JsonObject]]:
    specs = pod["spec"].get("initContainers") or ()
    return list(zip(specs, status.get("initContainerStatuses") or (), strict=True))


def _containers_ready(pod: JsonObject, status: JsonObject) -> Condition:
    if status.get("phase") == "Succeeded":
        return False, "PodCompleted", ""
    if status.get("phase") == "Failed":
        return False, "PodFailed", ""
    unready = [item["name"] for item in status["containerStatuses"] if not item.get("ready")]
    unready += [
        item["name"]
        for container, item in _inits(pod, status)
        if container.get("restartPolicy") == "Always" and not item.get("ready")
    ]
    if unready:
        return False, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return True, "", ""


def _initialized(pod: JsonObject, status: JsonObject) -> Condition:
    undone = [container["name"] for container, item in _inits(pod, status) if not _is_initialized(container, item)]
    if undone:
        return False, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(undone)}]"
    return True, "PodCompleted" if status.get("phase") == "Succeeded" else "", ""


def _past_gates(pod: JsonObject, status: JsonObject) -> Condition:
    """Whether every readiness gate is open."""
    gates = [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]
    said = {item["type"]: item.get("status") for item in status.get("conditions") or ()}
    closed = [gate for gate in gates if said.get(gate) != "True"]
    texts = (
        f'the status of pod readiness gate "{gate}" is not "True", but {said.get(gate) or "False"}' for gate in closed
    )
    return (False, "ReadinessGatesNotReady", "; ".join(texts)) if closed else (True, "", "")


def _is_initialized(container: JsonObject, item: JsonObject) -> bool:
    if container.get("restartPolicy") == "Always":
        return bool(item.get("started")) or "terminated" in item["state"]
    ended = item["state"].get("terminated")
    return ended is not None and not ended.get("exitCode")


def _set(status: JsonObject, kind: str, value: Condition, now: datetime) -> None:
    truth, reason, message = value
    conditions = list(status.get("conditions") or ())
    place = next((index for index, item in enumerate(conditions) if item["type"] == kind), None)
    new: JsonObject = {"type": kind, "status": "True" if truth else "False", "lastProbeTime": None}
    current = conditions[place] if place is not None else None
    since = current.get("lastTransitionTime") if current is not None and current["status"] == new["status"] else None
    new["lastTransitionTime"] = since or stamp(now)
    if reason:
        new["reason"] = reason
    if message:
        new["message"] = message
    if current is not None and _same(current, new):
        return
    if place is None:
        before_scheduled = next(
            (index for index, item in enumerate(conditions) if item["type"] == "PodScheduled"), len(conditions)
        )
        conditions.insert(before_scheduled, new)
    else:
        conditions[place] = new
    status["conditions"] = conditions


def _same(left: JsonObject, right: JsonObject) -> bool:
    return all(left.get(name) == right.get(name) for name in ("status", "reason", "message"))
