"""Deployments, sets, jobs and pods."""

from __future__ import annotations

from collections.abc import Iterable

from argosy.gitops.health.verdict import Health, Status, condition, degraded, healthy, progressing, suspended, unknown
from argosy.gitops.keys import HOOK, IGNORE_RESTART_POLICY, annotations_of
from argosy.machinery.objects import JsonObject

_WAITING = "Waiting for rollout to finish: "


def deployment(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if spec.get("paused"):
        return suspended("Deployment is paused")
    if _generation(obj) > int(status.get("observedGeneration") or 0):
        return progressing(_WAITING + "observed deployment generation less than desired generation")
    if (condition(obj, "Progressing") or {}).get("reason") == "ProgressDeadlineExceeded":
        return degraded(f'Deployment "{obj["metadata"].get("name")}" exceeded its progress deadline')
    updated, available = _count(status, "updatedReplicas"), _count(status, "availableReplicas")
    wanted, replicas = spec.get("replicas"), _count(status, "replicas")
    if wanted is not None and updated < int(wanted):
        return progressing(f"{_WAITING}{updated} out of {wanted} new replicas have been updated...")
    if replicas > updated:
        return progressing(f"{_WAITING}{replicas - updated} old replicas are pending termination...")
    if available < updated:
        return progressing(f"{_WAITING}{available} of {updated} updated replicas are available...")
    return healthy()


def stateful_set(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    observed = int(status.get("observedGeneration") or 0)
    if observed == 0 or _generation(obj) > observed:
        return progressing("Waiting for statefulset spec update to be observed...")
    wanted, ready, updated = spec.get("replicas"), _count(status, "readyReplicas"), _count(status, "updatedReplicas")
    if wanted is not None and ready < int(wanted):
        return progressing(f"Waiting for {int(wanted) - ready} pods to be ready...")
    strategy = spec.get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate")
    if strategy.get("type") == "RollingUpdate" and rolling is not None:
        if wanted is not None and rolling.get("partition") is not None:
            target = int(wanted) - int(rolling["partition"])
            if updated < target:
                return progressing(
                    "Waiting for partitioned roll out to finish: "
                    f"{updated} out of {target} new pods have been updated..."
                )
        return healthy(f"partitioned roll out complete: {updated} new pods have been updated...")
    if strategy.get("type") == "OnDelete":
        return healthy(f"statefulset has {ready} ready pods")
    if status.get("updateRevision") != status.get("currentRevision"):
        revision = status.get("updateRevision")
        return progressing(
            f"waiting for statefulset rolling update to complete {updated} pods at revision {revision}..."
        )
    current, revision = _count(status, "currentReplicas"), status.get("currentRevision") or ""
    return healthy(f"statefulset rolling update complete {current} pods at revision {revision}...")


def daemon_set(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if _generation(obj) > int(status.get("observedGeneration") or 0):
        return progressing(_WAITING + "observed daemon set generation less than desired generation")
    updated, desired = _count(status, "updatedNumberScheduled"), _count(status, "desiredNumberScheduled")
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return healthy(f"daemon set {updated} out of {desired} new pods have been updated")
    waiting = f'Waiting for daemon set "{obj["metadata"].get("name")}" rollout to finish: '
    if updated < desired:
        return progressing(f"{waiting}{updated} out of {desired} new pods have been updated...")
    if (available := _count(status, "numberAvailable")) < desired:
        return progressing(f"{waiting}{available} of {desired} updated pods are available...")
    return healthy()


def replica_set(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if _generation(obj) > int(status.get("observedGeneration") or 0):
        return progressing(_WAITING + "observed replica set generation less than desired generation")
    failure = condition(obj, "ReplicaFailure")
    if failure and failure.get("status") == "True":
        return degraded(str(failure.get("message") or ""))
    wanted, available = spec.get("replicas"), _count(status, "availableReplicas")
    if wanted is not None and available < int(wanted):
        return progressing(f"{_WAITING}{available} out of {wanted} new replicas are available...")
    return healthy()


def job(obj: JsonObject) -> Health:
    """Only the presence of Failed and Complete is looked at, as upstream does."""
    if failed := condition(obj, "Failed"):
        return degraded(str(failed.get("message") or ""))
    paused = condition(obj, "Suspended")
    complete = condition(obj, "Complete")
    if not complete and not paused:
        return progressing()
    if paused and not complete and paused.get("status") == "True":
        return suspended(str(paused.get("message") or ""))
    return healthy(str((complete or {}).get("message") or ""))


def pod(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    policy = spec.get("restartPolicy") or "Always"
    annotations = annotations_of(obj)
    is_hook = HOOK in annotations
    always = policy == "Always" or (annotations.get(IGNORE_RESTART_POLICY) == "true" and not is_hook)
    if always and (broken := list(_waiting_in_error(status.get("containerStatuses") or ()))):
        return degraded(", ".join(broken))
    match status.get("phase"):
        case "Pending":
            return progressing(str(status.get("message") or ""))
        case "Succeeded":
            return healthy(str(status.get("message") or ""))
        case "Failed":
            return degraded(_failure_message(status))
        case "Running":
            return _running_pod(obj, status, always=always)
        case _:
            return unknown(str(status.get("message") or ""))


def _running_pod(obj: JsonObject, status: JsonObject, *, always: bool) -> Health:
    message = str(status.get("message") or "")
    if not always:
        return progressing(message)
    ready = condition(obj, "Ready")
    if ready and ready.get("status") == "True":
        return healthy(message)
    if any((one.get("lastState") or {}).get("terminated") for one in status.get("containerStatuses") or ()):
        return degraded(message)
    return progressing(message)


def _waiting_in_error(containers: Iterable[JsonObject]) -> Iterable[str]:
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason = str(waiting.get("reason") or "")
        if reason.startswith("Err") or reason.endswith(("Error", "BackOff")):
            yield str(waiting.get("message") or "")


def _failure_message(status: JsonObject) -> str:
    if status.get("message"):
        return str(status["message"])
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        ended = (container.get("state") or {}).get("terminated")
        if not ended:
            continue
        if ended.get("message"):
            return str(ended["message"])
        if ended.get("reason") == "OOMKilled":
            return "OOMKilled"
        if code := int(ended.get("exitCode") or 0):
            return f'container "{container.get("name")}" failed with exit code {code}'
    return ""


def cron_job(obj: JsonObject) -> Health:
    if (obj.get("spec") or {}).get("suspend") is True:
        return healthy("CronJob is Suspended")
    status = obj.get("status")
    if status is None:
        return progressing("Waiting for CronJob")
    last, succeeded = str(status.get("lastScheduleTime") or ""), str(status.get("lastSuccessfulTime") or "")
    active = len(status.get("active") or ())
    if not last:
        return healthy("CronJob has not been scheduled yet")
    if active:
        return healthy("The job is running. Its last execution may not have been successful")
    if not succeeded:
        return healthy("The CronJob never completed successfully. It may not be healthy")
    # Timestamps of one form sort as text.
    if succeeded < last:
        return degraded("CronJob has not completed its last execution successfully")
    return healthy("CronJob has completed its last execution successfully")


def _generation(obj: JsonObject) -> int:
    return int((obj.get("metadata") or {}).get("generation") or 0)


def _count(status: JsonObject, field: str) -> int:
    return int(status.get(field) or 0)


__all__ = [
    "Status",
    "cron_job",
    "daemon_set",
    "deployment",
    "job",
    "pod",
    "replica_set",
    "stateful_set",
]
