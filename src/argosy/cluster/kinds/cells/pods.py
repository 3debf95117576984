"""The Pod row: the status cell summarises all containers, in an order that matters (kinds sheet 4)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.kinds.cells.plain import NONE, age, age_since
from argosy.machinery.objects import JsonObject, JsonValue

_FINISHED = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def pod_cells(pod: JsonObject, now: datetime) -> list[JsonValue]:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    addresses = status.get("podIPs") or ()
    first = addresses[0].get("ip") if addresses else status.get("podIP")
    return [
        pod["metadata"].get("name", ""),
        ready_cell(spec, status),
        status_cell(pod, spec, status),
        restarts_cell(spec, status, now),
        age(pod, now),
        first or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        readiness_gates_cell(spec, status),
    ]


def pod_row_conditions(pod: JsonObject) -> list[JsonObject]:
    """A finished Pod is marked, so that clients can grey it out."""
    phase = (pod.get("status") or {}).get("phase", "")
    if phase not in _FINISHED:
        return []
    return [{"type": "Completed", "status": "True", "reason": phase, "message": _FINISHED[phase]}]


def _sidecars(spec: JsonObject) -> frozenset[str]:
    containers = spec.get("initContainers") or ()
    return frozenset(item["name"] for item in containers if item.get("restartPolicy") == "Always")


def ready_cell(spec: JsonObject, status: JsonObject) -> str:
    sidecars = _sidecars(spec)
    total = len(spec.get("containers") or ()) + len(sidecars)
    ready = sum(1 for item in status.get("containerStatuses") or () if item.get("ready") and _state(item, "running"))
    ready += sum(
        1
        for item in status.get("initContainerStatuses") or ()
        if item.get("name") in sidecars and item.get("started") and item.get("ready")
    )
    return f"{ready}/{total}"


def _state(item: JsonObject, name: str) -> JsonObject | None:
    state: JsonObject | None = (item.get("state") or {}).get(name)
    return state


def status_cell(pod: JsonObject, spec: JsonObject, status: JsonObject) -> str:
    reason = _pod_reason(spec, status)
    if pod["metadata"].get("deletionTimestamp") is None:
        return reason
    if status.get("reason") == "NodeLost":
        return "Unknown"
    return reason if status.get("phase") in _FINISHED else "Terminating"


def _pod_reason(spec: JsonObject, status: JsonObject) -> str:
    conditions = {item.get("type"): item for item in status.get("conditions") or ()}
    reason = status.get("reason") or status.get("phase") or ""
    if conditions.get("PodScheduled", {}).get("reason") == "SchedulingGated":
        reason = "SchedulingGated"
    waiting = _init_reason(spec, status)
    if waiting and conditions.get("Initialized", {}).get("status") != "True":
        return waiting
    return _containers_reason(status, conditions, waiting or reason)


def _init_reason(spec: JsonObject, status: JsonObject) -> str:
    """The status text of the first unfinished init container; empty when all are done."""
    sidecars = _sidecars(spec)
    for index, item in enumerate(status.get("initContainerStatuses") or ()):
        ended = _state(item, "terminated")
        if (ended and not ended.get("exitCode")) or (item.get("name") in sidecars and item.get("started")):
            continue
        if ended:
            return f"Init:{_ending(ended)}"
        waiting = (_state(item, "waiting") or {}).get("reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{index}/{len(spec.get('initContainers') or ())}"
    return ""


def _ending(ended: JsonObject) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode') or 0}"


def _containers_reason(status: JsonObject, conditions: JsonObject, reason: str) -> str:
    running, failed = False, ""
    for item in reversed(status.get("containerStatuses") or ()):
        waiting, ended = _state(item, "waiting") or {}, _state(item, "terminated")
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif ended:
            reason = _ending(ended)
            failed = reason if ended.get("exitCode") else failed
        elif item.get("ready") and _state(item, "running") is not None:
            running = True
    if reason != "Completed":
        return reason
    if running:
        return "Running" if conditions.get("Ready", {}).get("status") == "True" else "NotReady"
    return failed or reason


def restarts_cell(spec: JsonObject, status: JsonObject, now: datetime) -> str:
    """The sum of restarts, with the age of the last one when it is known."""
    sidecars = _sidecars(spec)
    main = list(status.get("containerStatuses") or ())
    init = list(status.get("initContainerStatuses") or ())
    initialized = any(
        item.get("type") == "Initialized" and item.get("status") == "True" for item in status.get("conditions") or ()
    )
    counted = main + [item for item in init if item.get("name") in sidecars] if initialized or not init else init
    count = sum(item.get("restartCount") or 0 for item in counted)
    ended = [((item.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for item in counted]
    last = max((moment for moment in ended if moment), default=None)
    return f"{count} ({age_since(last, now)} ago)" if count and last else str(count)


def readiness_gates_cell(spec: JsonObject, status: JsonObject) -> str:
    gates = spec.get("readinessGates")
    if not gates:
        return NONE
    conditions = {item.get("type"): item.get("status") for item in status.get("conditions") or ()}
    met = sum(1 for gate in gates if conditions.get(gate.get("conditionType")) == "True")
    return f"{met}/{len(gates)}"
