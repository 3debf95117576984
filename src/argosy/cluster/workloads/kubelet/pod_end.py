"""How Pods terminate: deleted within their grace period, or evicted (kinds sheet 5.6)."""

from __future__ import annotations

from datetime import datetime

from argosy.cluster.workloads.decision import (
    KUBELET,
    Decision,
    Event,
    Step,
    delete,
    earlier,
    later,
    stamp,
    with_status,
)
from argosy.cluster.workloads.kubelet import containers as life
from argosy.cluster.workloads.kubelet.ephemeral import all_stopped
from argosy.cluster.workloads.kubelet.pod_sight import UNKNOWN, Seen, effects_in_force, said
from argosy.cluster.workloads.kubelet.pod_status import all_statuses, set_conditions, set_phase
from argosy.cluster.workloads.kubelet.turn import Turn
from argosy.cluster.workloads.rules.rules import Effect
from argosy.machinery.objects import JsonObject


def stop(seen: Seen, now: datetime) -> Decision:
    pod, metadata, status = seen.pod, seen.pod["metadata"], seen.pod.get("status") or {}
    grace = float(metadata.get("deletionGracePeriodSeconds") or 0)
    asked = seen.exact("stop", stamp(earlier(datetime.fromisoformat(metadata["deletionTimestamp"]), grace)))
    running = [item for item in all_statuses(status) if "running" in (item.get("state") or {})]
    effects = effects_in_force(seen, now)
    wanted = max(((effects[item["name"]].stop_delay or 0.0) for item in running), default=0.0)
    end = later(asked, min(wanted, grace))
    marks: tuple[tuple[str, str], ...] = ()
    steps: list[Step] = []
    if seen.exact("stop", "") == UNKNOWN:
        marks, end = ((metadata["uid"], "stop"),), later(now, min(wanted, grace))
        steps += said(seen, [(i["name"], "Killing", f"Stopping container {i['name']}", False) for i in running])
    if now < end:
        return Decision(tuple(steps), end, marks=marks)
    stopped = _stopped(pod, status, now, _exit_code(pod, late=wanted > grace))
    if stopped != status:
        steps.append(with_status(pod, stopped, KUBELET))
    return Decision((*steps, delete(pod, grace=0, by=KUBELET)), marks=marks)


def _exit_code(pod: JsonObject, *, late: bool) -> int:
    """Servers exit with success on request; a program that was meant to complete is interrupted, so it fails."""
    if late:
        return 137
    return 0 if pod["spec"].get("restartPolicy", "Always") == "Always" else 143


def _stopped(pod: JsonObject, status: JsonObject, now: datetime, code: int) -> JsonObject:
    ended = dict(all_stopped(pod, status, now, code))
    for field, specs in (("initContainerStatuses", "initContainers"), ("containerStatuses", "containers")):
        if status.get(field):
            pairs = zip(pod["spec"][specs], status[field], strict=True)
            ended[field] = [life.stopped(container, item, now, code) for container, item in pairs]
    if ended.get("containerStatuses"):
        if pod["spec"].get("restartPolicy", "Always") != "Always":
            set_phase(pod, ended)
        set_conditions(pod, ended, now)
    return ended


def eviction(effects: dict[str, Effect], turn: Turn, status: JsonObject) -> Decision | None:
    for item in status["containerStatuses"]:
        effect = effects[item["name"]]
        running = (item.get("state") or {}).get("running")
        if effect.fail is None or effect.fail.reason != "Evicted" or running is None:
            continue
        at = later(turn.exact(f"run/{item['name']}", running["startedAt"]), effect.fail.after)
        if turn.now < at:
            turn.wake(at)
            continue
        text = "The node was low on resource: memory."
        ended = [{**other, "ready": False} for other in status["containerStatuses"]]
        gone = {**status, "phase": "Failed", "reason": "Evicted", "message": text, "containerStatuses": ended}
        set_conditions(turn.pod, gone, turn.now)
        happening = Event(about=turn.pod, reason="Evicted", message=text, component="kubelet", type="Warning")
        return Decision((with_status(turn.pod, gone, KUBELET), happening))
    return None
