"""Translates a turn's decisions for the revisions of a StatefulSet or DaemonSet to writes of the workload and Pods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.controller import Step
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.patches.mergepatch import merge_patch
from argosy.machinery.requests import Write, merge
from argosy.rollouts.partitions.sets import NOTES, Partitioned, is_available
from argosy.rollouts.reconcile.restarting import eviction
from argosy.rollouts.resources import HASH_LABEL

WORKLOADS: Final[Mapping[str, Resource]] = {
    "StatefulSet": Resource("apps", "v1", "statefulsets", "StatefulSet"),
    "DaemonSet": Resource("apps", "v1", "daemonsets", "DaemonSet"),
}


def translated(
    seen: Partitioned, steps: Sequence[Step], pod_hash: str, stable: str, now: datetime, prefix: str
) -> list[Step]:
    """The same steps, with those on ReplicaSets replaced by their equivalents."""
    notes: dict[str, JsonObject] = {key: dict(value) for key, value in seen.notes.items()}
    kept: list[Step] = []
    for step in steps:
        if isinstance(step, Write) and step.resource.plural == "replicasets":
            _note(notes, step, now, prefix)
        else:
            kept.append(step)
    writes = _workload(seen, notes, pod_hash, stable)
    return [*writes, *kept, *_evictions(seen, notes, pod_hash, stable)]


def _note(notes: dict[str, JsonObject], write: Write, now: datetime, prefix: str) -> None:
    one = write.key.name.removeprefix(prefix)
    body: Any = write.body or {}
    if write.verb == "delete":
        notes.pop(one, None)
        return
    if write.verb == "create":
        created = timestamps.seconds(now)
        notes[(body["metadata"].get("labels") or {}).get(HASH_LABEL, one)] = {
            "size": 0,
            "created": created,
            "annotations": body["metadata"].get("annotations") or {},
        }
        return
    note = notes.setdefault(one, {"size": 0, "created": timestamps.seconds(now), "annotations": {}})
    changed = (body.get("metadata") or {}).get("annotations") or {}
    note["annotations"] = merge_patch(note.get("annotations") or {}, changed)
    if "replicas" in (body.get("spec") or {}):
        note["size"] = int(body["spec"]["replicas"])


def _workload(seen: Partitioned, notes: Mapping[str, JsonObject], pod_hash: str, stable: str) -> list[Step]:
    patch: JsonObject = {}
    if notes != seen.notes:
        text = json.dumps(notes, sort_keys=True, separators=(",", ":"))
        patch["metadata"] = {"annotations": {NOTES: text}}
    strategy: JsonObject = seen.workload["spec"].get("updateStrategy") or {}
    wanted = _strategy(seen, notes, pod_hash, stable)
    if any(strategy.get(name) != value for name, value in wanted.items()):
        patch["spec"] = {"updateStrategy": {**wanted, **({} if "rollingUpdate" in wanted else {"rollingUpdate": None})}}
    return [merge(WORKLOADS[seen.kind], seen.workload, patch)] if patch else []


def _strategy(seen: Partitioned, notes: Mapping[str, JsonObject], pod_hash: str, stable: str) -> JsonObject:
    """Also between updates, nothing is updated except as a step says."""
    if seen.kind == "DaemonSet":
        return {"type": "OnDelete"}
    if stable and pod_hash == stable and seen.older:
        size = seen.replicas  # back at the stable version: Pods of another version are replaced at once
    else:
        size = int((notes.get(pod_hash) or {}).get("size") or 0) if stable and pod_hash != stable else 0
    before = (seen.workload["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    return {"type": "RollingUpdate", "rollingUpdate": {**before, "partition": max(0, seen.replicas - size)}}


def _evictions(seen: Partitioned, notes: Mapping[str, JsonObject], pod_hash: str, stable: str) -> list[Step]:
    """Evicts one Pod at a time, if all others are available: an old one if a DaemonSet has too few new ones, a new one
    if a StatefulSet has too many. A DaemonSet cannot create Pods of a template that it no longer has.
    """
    if not stable:
        return []
    size = seen.replicas if pod_hash == stable else int((notes.get(pod_hash) or {}).get("size") or 0)
    everyone = [*seen.updated, *seen.older]
    if not everyone or not all(is_available(pod) for pod in everyone):
        return []
    if seen.kind == "DaemonSet":
        going = seen.older if len(seen.updated) < size else ()
    else:
        partition = seen.replicas - size
        going = [pod for pod in seen.updated if _ordinal(pod) < partition]
    return [eviction(pod) for pod in sorted(going, key=_ordinal)[-1:]]


def _ordinal(pod: JsonObject) -> int:
    tail = str(pod["metadata"]["name"]).rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0
