"""Facts about Pods for workload controllers, and how Pods are made from a template."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from argosy.cluster.workloads.chance import safe_hash
from argosy.cluster.workloads.decision import instant, seconds_after
from argosy.cluster.workloads.matching import reference_to
from argosy.machinery.objects import JsonObject

FINISHED = ("Succeeded", "Failed")


def phase(pod: JsonObject) -> str:
    return str((pod.get("status") or {}).get("phase") or "")


def condition(obj: JsonObject, kind: str) -> JsonObject | None:
    for item in (obj.get("status") or {}).get("conditions") or ():
        if item["type"] == kind:
            return dict(item)
    return None


def is_true(obj: JsonObject, kind: str) -> bool:
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def is_ready(pod: JsonObject) -> bool:
    return is_true(pod, "Ready")


def containers_of(pod: JsonObject) -> list[JsonObject]:
    """All of them, init containers and ephemeral ones too."""
    spec = pod["spec"]
    return [
        *(spec.get("initContainers") or ()),
        *spec["containers"],
        *(spec.get("ephemeralContainers") or ()),
    ]


def is_deleting(obj: JsonObject) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def is_active(pod: JsonObject) -> bool:
    return phase(pod) not in FINISHED and not is_deleting(pod)


def available_at(pod: JsonObject, min_ready_seconds: int) -> datetime | None:
    """When a ready Pod counts as available; None while it is not ready."""
    ready = condition(pod, "Ready")
    if ready is None or ready.get("status") != "True":
        return None
    since = ready.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"]
    return seconds_after(since, min_ready_seconds) if min_ready_seconds else instant(since)


def is_available(pod: JsonObject, min_ready_seconds: int, now: datetime) -> bool:
    if not min_ready_seconds:
        return is_ready(pod)
    at = available_at(pod, min_ready_seconds)
    return at is not None and at <= now


def next_available(pods: Iterable[JsonObject], min_ready_seconds: int, now: datetime) -> datetime | None:
    """When the next of the ready Pods becomes available: a rollout hangs without a timer at that time."""
    if not min_ready_seconds:
        return None
    moments = (available_at(pod, min_ready_seconds) for pod in pods)
    return min((at for at in moments if at is not None and at > now), default=None)


def from_template(owner: JsonObject, template: JsonObject, name: str, prefix: str = "") -> JsonObject:
    """A Pod of `owner`; `prefix` is its generateName."""
    metadata = template.get("metadata") or {}
    made: JsonObject = {"name": name, "namespace": owner["metadata"]["namespace"]}
    if prefix:
        made["generateName"] = prefix
    for field in ("labels", "annotations", "finalizers"):
        if metadata.get(field):
            made[field] = metadata[field]
    made["ownerReferences"] = [reference_to(owner)]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": template["spec"]}


def template_hash(template: JsonObject, collisions: int | None = None) -> str:
    """Equal for equal templates on every machine; `collisions` gives another hash when the name is taken."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    return safe_hash(f"{text}{collisions or ''}".encode())


def set_condition(status: JsonObject, new: JsonObject, *, keep_transition: bool = True) -> None:
    """In place. Nothing changes if status and reason are equal; else the new one replaces the old, last (spec 7)."""
    conditions = status.get("conditions") or []
    current = next((item for item in conditions if item["type"] == new["type"]), None)
    if current is not None and current.get("status") == new["status"] and current.get("reason") == new.get("reason"):
        return
    if current is not None and keep_transition and current.get("status") == new["status"]:
        new = {**new, "lastTransitionTime": current["lastTransitionTime"]}
    status["conditions"] = [*(item for item in conditions if item["type"] != new["type"]), new]


def drop_condition(status: JsonObject, kind: str) -> None:
    """In place."""
    if status.get("conditions"):
        kept = [item for item in status["conditions"] if item["type"] != kind]
        status["conditions"] = kept
        if not kept:
            del status["conditions"]


def percent_of(value: int | str | None, total: int, *, up: bool) -> int:
    """An int-or-percent field in whole Pods."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    parts = int(value.rstrip("%")) * total
    return -(-parts // 100) if up else parts // 100
