"""The revisions of a StatefulSet or DaemonSet, represented as the ReplicaSets of a canary.

Their sizes and annotations are stored in an annotation of the workload, by the hash of the Pod template.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from argosy.apis.kubernetes.views.apps import ReplicaSet
from argosy.apis.kubernetes.views.core import Pod
from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Resource
from argosy.rollouts.resources import HASH_LABEL, WORKLOAD_GENERATION

NOTES: Final = "argosy.dev/rollout-revisions"
REVISION_LABEL: Final = "controller-revision-hash"
KINDS: Final = ("StatefulSet", "DaemonSet")
REVISIONS: Final = Resource("apps", "v1", "controllerrevisions", "ControllerRevision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partitioned:
    """The workload, its Pods by version, and the stored record of each revision."""

    workload: JsonObject
    updated: Sequence[JsonObject]
    """Pods of the current template."""
    older: Sequence[JsonObject]
    notes: Mapping[str, JsonObject]
    """By hash: {size, created, annotations}."""

    @property
    def kind(self) -> str:
        return str(self.workload["kind"])

    @property
    def replicas(self) -> int:
        if self.kind == "DaemonSet":
            return int((self.workload.get("status") or {}).get("desiredNumberScheduled") or 0)
        return int(self.workload["spec"].get("replicas", 1))


def partitioned(snapshot: Snapshot, workload: JsonObject) -> Partitioned:
    uid = str(workload["metadata"]["uid"])
    pods = [pod.raw for pod in snapshot.owned(Pod, uid)]
    latest = _latest(snapshot, workload)
    updated = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get(REVISION_LABEL) in latest]
    return Partitioned(
        workload=workload,
        updated=updated,
        older=[pod for pod in pods if pod not in updated],
        notes=_notes(workload),
    )


def _latest(snapshot: Snapshot, workload: JsonObject) -> set[str]:
    """The label values of the newest revision's Pods: its name, or its hash."""
    uid = str(workload["metadata"]["uid"])
    owned = snapshot.owned_objects(REVISIONS, uid)
    if not owned:
        return set()
    newest = max(owned, key=lambda one: int(one.get("revision") or 0))
    labels = newest["metadata"].get("labels") or {}
    return {str(newest["metadata"]["name"]), str(labels.get(REVISION_LABEL) or newest["metadata"]["name"])}


def _notes(workload: JsonObject) -> dict[str, JsonObject]:
    text = (workload["metadata"].get("annotations") or {}).get(NOTES) or "{}"
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return {key: value for key, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}


def is_available(pod: JsonObject) -> bool:
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def fitted(rollout: Rollout, seen: Partitioned) -> Rollout:
    """As large as its workload, and without surge: there is no room for another Pod."""
    canary = rollout.spec.strategy.canary
    assert canary is not None
    unavailable = canary.max_unavailable if canary.max_unavailable not in (None, 0, "0%") else 1
    strategy = replace(rollout.spec.strategy, canary=replace(canary, max_surge=0, max_unavailable=unavailable))
    return replace(rollout, spec=replace(rollout.spec, replicas=seen.replicas, strategy=strategy))


def misfit(rollout: Rollout) -> str:
    """Why the strategy is not possible: all of these use our hash to distinguish versions, which no Pod has here."""
    canary = rollout.spec.strategy.canary
    if canary is None:
        return "spec.strategy: Invalid value: a StatefulSet or DaemonSet is updated by a canary only"
    services = canary.stable_service or canary.canary_service or canary.traffic_routing or canary.ping_pong
    if services:
        return "spec.strategy.canary: Invalid value: Services and routers cannot lead to revisions of a workload"
    if canary.anti_affinity or canary.canary_metadata or canary.stable_metadata:
        return "spec.strategy.canary: Invalid value: metadata and anti-affinity of a workload's Pods are its template's"
    if any(step.experiment or step.set_canary_scale for step in canary.steps):
        return "spec.strategy.canary.steps: Invalid value: a workload has no steps with Pods beside its own"
    return ""


def with_owner(pod: JsonObject, uid: str) -> JsonObject:
    """Gives it the owner reference that a revision's ReplicaSet has."""
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": [{"uid": uid, "controller": True}]}}


def sets_of(rollout: Rollout, seen: Partitioned, pod_hash: str) -> list[ReplicaSet]:
    """Oldest first. Pods of the current template belong to its hash; all others belong to the stable version."""
    stable = rollout.status.stable_rs
    found = []
    for one, note in sorted(seen.notes.items(), key=lambda item: str(item[1].get("created") or "")):
        if one == pod_hash and one == stable:
            pods: Sequence[JsonObject] = [*seen.updated, *seen.older]
        elif one == pod_hash:
            pods = seen.updated
        else:
            pods = seen.older if one == stable else ()
        found.append(_set(rollout, seen, one, note, pods, is_latest=one == pod_hash))
    return found


def _set(
    rollout: Rollout, seen: Partitioned, one: str, note: JsonObject, pods: Sequence[JsonObject], *, is_latest: bool
) -> ReplicaSet:
    alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    available = sum(is_available(pod) for pod in pods)
    # The template of an older revision is unknown here, except that it was different.
    known: JsonObject = {"metadata": {}, "spec": {"containers": [{"name": "revision", "image": one}]}}
    template = seen.workload["spec"]["template"] if is_latest else known
    # Each partition change is a new generation of the workload, but not of a revision.
    generation = {WORKLOAD_GENERATION: rollout.annotations.get(WORKLOAD_GENERATION, "")}
    status: dict[str, Any] = {"replicas": len(alive), "readyReplicas": available, "availableReplicas": available}
    return read(
        ReplicaSet,
        {
            "metadata": {
                "name": f"{rollout.name}-{one}",
                "namespace": rollout.namespace,
                "uid": f"{rollout.uid}/{one}",
                "resourceVersion": "0",
                "labels": {HASH_LABEL: one},
                "annotations": {**(note.get("annotations") or {}), **generation},
                "creationTimestamp": note.get("created") or "",
            },
            "spec": {
                "replicas": int(note.get("size") or 0),
                "template": template,
                "minReadySeconds": rollout.spec.min_ready_seconds,
            },
            "status": status,
        },
    )
