"""Ephemeral containers (`kubectl debug`): they start at once in a running Pod, and never again once they have ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from argosy.cluster.workloads.kubelet import containers as life
from argosy.cluster.workloads.kubelet.turn import Turn
from argosy.cluster.workloads.rules.rules import DEFAULTS, Effect
from argosy.machinery.objects import JsonObject

FIELD = "ephemeralContainerStatuses"


def advance(effects: Mapping[str, Effect], status: JsonObject, turn: Turn) -> None:
    """In place, with the marks, events and wake-up of `turn`. They are never ready, and do not count for the Pod."""
    specs = turn.pod["spec"].get("ephemeralContainers") or ()
    if not specs:
        return
    own = Turn(now=turn.now, exact=turn.exact, seed=turn.seed, pod=turn.pod, always=False, on_failure=False, ends=False)
    known = {item["name"]: item for item in status.get(FIELD) or ()}
    made = []
    for container in specs:
        current = known.get(container["name"]) or life.fresh(container, "ContainerCreating")
        effect = effects.get(container["name"]) or DEFAULTS
        stepped = life.step(container, current, Effect(never_ready=True).over(effect), own, turn.now)
        made.append({**stepped, "ready": False})
    status[FIELD] = made
    turn.marks += own.marks
    turn.events += own.events
    if own.wake_at is not None:
        turn.wake(own.wake_at)


def all_stopped(pod: JsonObject, status: JsonObject, now: datetime, code: int) -> JsonObject:
    """The status with ephemeral containers in their final state."""
    specs = {item["name"]: item for item in pod["spec"].get("ephemeralContainers") or ()}
    current = status.get(FIELD) or ()
    if not current:
        return status
    ended = [life.stopped(specs[item["name"]], item, now, code) for item in current if item["name"] in specs]
    return {**status, FIELD: ended}
