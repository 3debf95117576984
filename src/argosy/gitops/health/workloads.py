"""Deployment, StatefulSet, DaemonSet, ReplicaSet and Job (spec 9.2): the first matching rule wins."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, conditions, degraded, healthy, number, progressing, suspended
from argosy.machinery.objects import JsonObject

ROLLOUT = "Waiting for rollout to finish: "


def deployment(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if spec.get("paused"):
        return suspended("Deployment is paused")
    if _unobserved(obj):
        return progressing(ROLLOUT + "observed deployment generation less than desired generation")
    if conditions(obj).get("Progressing", {}).get("reason") == "ProgressDeadlineExceeded":
        return degraded(f'Deployment "{obj["metadata"]["name"]}" exceeded its progress deadline')
    updated, available = number(status.get("updatedReplicas")), number(status.get("availableReplicas"))
    wanted = spec.get("replicas")
    if wanted is not None and updated < wanted:
        return progressing(f"{ROLLOUT}{updated} out of {wanted} new replicas have been updated...")
    if (total := number(status.get("replicas"))) > updated:
        return progressing(f"{ROLLOUT}{total - updated} old replicas are pending termination...")
    if available < updated:
        return progressing(f"{ROLLOUT}{available} of {updated} updated replicas are available...")
    return healthy()


def stateful_set(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if not number(status.get("observedGeneration")) or _unobserved(obj):
        return progressing("Waiting for statefulset spec update to be observed...")
    wanted, ready = spec.get("replicas"), number(status.get("readyReplicas"))
    if wanted is not None and ready < wanted:
        return progressing(f"Waiting for {wanted - ready} pods to be ready...")
    strategy, updated = spec.get("updateStrategy") or {}, number(status.get("updatedReplicas"))
    if strategy.get("type") == "RollingUpdate" and strategy.get("rollingUpdate") is not None:
        partition = strategy["rollingUpdate"].get("partition")
        if wanted is not None and partition is not None and updated < wanted - partition:
            left = wanted - partition
            return progressing(
                f"Waiting for partitioned roll out to finish: {updated} out of {left} new pods have been updated..."
            )
        return healthy(f"partitioned roll out complete: {updated} new pods have been updated...")
    if strategy.get("type") == "OnDelete":
        return healthy(f"statefulset has {ready} ready pods")
    revision = status.get("updateRevision") or ""
    if revision != (status.get("currentRevision") or ""):
        return progressing(
            f"waiting for statefulset rolling update to complete {updated} pods at revision {revision}..."
        )
    current = number(status.get("currentReplicas"))
    return healthy(
        f"statefulset rolling update complete {current} pods at revision {status.get('currentRevision') or ''}..."
    )


def daemon_set(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if _unobserved(obj):
        return progressing(ROLLOUT + "observed daemon set generation less than desired generation")
    updated, wanted = number(status.get("updatedNumberScheduled")), number(status.get("desiredNumberScheduled"))
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return healthy(f"daemon set {updated} out of {wanted} new pods have been updated")
    waiting = f'Waiting for daemon set "{obj["metadata"]["name"]}" rollout to finish: '
    if updated < wanted:
        return progressing(f"{waiting}{updated} out of {wanted} new pods have been updated...")
    if (available := number(status.get("numberAvailable"))) < wanted:
        return progressing(f"{waiting}{available} of {wanted} updated pods are available...")
    return healthy()


def replica_set(obj: JsonObject) -> Health:
    status = obj.get("status") or {}
    if _unobserved(obj):
        return progressing(ROLLOUT + "observed replica set generation less than desired generation")
    failure = conditions(obj).get("ReplicaFailure", {})
    if failure.get("status") == "True":
        return degraded(failure.get("message") or "")
    wanted, available = (obj.get("spec") or {}).get("replicas"), number(status.get("availableReplicas"))
    if wanted is not None and available < wanted:
        return progressing(f"{ROLLOUT}{available} out of {wanted} new replicas are available...")
    return healthy()


def job(obj: JsonObject) -> Health:
    """The status of Complete and Failed is ignored, as upstream does."""
    found = conditions(obj)
    if failed := found.get("Failed"):
        return degraded(failed.get("message") or "")
    paused = found.get("Suspended")
    if paused and paused.get("status") == "True":
        return suspended(paused.get("message") or "")
    if complete := found.get("Complete"):
        return healthy(complete.get("message") or "")
    return healthy() if paused else progressing()


def _unobserved(obj: JsonObject) -> bool:
    generation = number((obj.get("metadata") or {}).get("generation"))
    return generation > number((obj.get("status") or {}).get("observedGeneration"))
