"""Kinds of the delivery tools that Argosy stands in for (spec/argo-cd-engine-2.md 9.4)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Status,
    condition,
    condition_status,
    degraded,
    healthy,
    progressing,
    suspended,
    unknown,
)
from argosy.gitops.keys import annotations_of
from argosy.machinery.objects import JsonObject

_UNOBSERVED = "Waiting for rollout spec update to be observed"


def workflow(obj: JsonObject) -> Health:
    status = obj.get("status") or {}
    message = str(status.get("message") or "")
    match status.get("phase") or "":
        case "" | "Pending" | "Running":
            return progressing(message)
        case "Succeeded":
            return healthy(message)
        case "Failed" | "Error":
            return degraded(message)
        case _:
            return unknown(message)


def rollout(obj: JsonObject) -> Health:
    status = obj.get("status") or {}
    if not _rollout_observed(obj, status):
        return progressing(_UNOBSERVED)
    message = str(status.get("message") or "")
    if phase := status.get("phase"):
        state = "Suspended" if phase == "Paused" else str(phase)
        return Health(Status(state), message) if state in set(Status) else unknown(message)
    return _rollout_without_phase(obj, status)


def _rollout_observed(obj: JsonObject, status: JsonObject) -> bool:
    spec = obj.get("spec") or {}
    observed = str(status.get("observedGeneration") or "")
    generation = str((obj.get("metadata") or {}).get("generation") or "")
    if observed.isdigit() and generation and observed != generation:
        return False
    if spec.get("workloadRef"):
        wanted = str(annotations_of(obj).get("rollout.argoproj.io/workload-generation") or "")
        seen = str(status.get("workloadObservedGeneration") or "")
        return not wanted or wanted == seen
    return True


def _rollout_without_phase(obj: JsonObject, status: JsonObject) -> Health:
    """Controllers before 1.1 say it by conditions and counts only."""
    if invalid := condition(obj, "InvalidSpec"):
        return degraded(str(invalid.get("message") or ""))
    moving = condition(obj, "Progressing") or {}
    if moving.get("reason") in ("RolloutAborted", "ProgressDeadlineExceeded"):
        return degraded(str(moving.get("message") or ""))
    spec = obj.get("spec") or {}
    if status.get("pauseConditions") or spec.get("paused"):
        return suspended("Rollout is paused")
    wanted, updated = int(spec.get("replicas") or 1), int(status.get("updatedReplicas") or 0)
    if updated < wanted:
        return progressing("Waiting for roll out to finish: More replicas need to be updated")
    if int(status.get("replicas") or 0) > updated:
        return progressing("Waiting for roll out to finish: old replicas are pending termination")
    if int(status.get("availableReplicas") or 0) < updated:
        return progressing("Waiting for roll out to finish: updated replicas are still becoming available")
    return healthy()


def analysis_run(obj: JsonObject) -> Health:
    status = obj.get("status") or {}
    message = str(status.get("message") or "")
    match status.get("phase"):
        case "Successful":
            return healthy(message or "Analysis run completed successfully")
        case "Failed" | "Error":
            return degraded(message or "Analysis run failed")
        case "Inconclusive":
            return unknown(message or "Analysis run inconclusive")
        case "Pending":
            return progressing(message or "Analysis run is running")
        case "Running":
            return progressing(message or "Analysis run is running")
        case _:
            return progressing("Waiting for analysis run to finish: status has not been reconciled.")


def experiment(obj: JsonObject) -> Health:
    match (obj.get("status") or {}).get("phase"):
        case "Pending":
            return progressing("Experiment is pending")
        case "Running":
            return progressing("Experiment is running")
        case "Successful":
            return healthy("Experiment is successful")
        case "Failed":
            return degraded("Experiment has failed")
        case "Error":
            return degraded("Experiment had an error")
        case _:
            return progressing("Waiting for experiment to finish: status has not been reconciled.")


def application_set(obj: JsonObject) -> Health:
    rules = (
        ("ErrorOccurred", "True", degraded),
        ("ResourcesUpToDate", "False", degraded),
        ("RolloutProgressing", "True", progressing),
        ("ResourcesUpToDate", "True", healthy),
    )
    for kind, wanted, verdict in rules:
        if condition_status(obj, kind) == wanted:
            return verdict(str((condition(obj, kind) or {}).get("message") or ""))
    return progressing("Waiting for the status to be reported")


def cron_workflow(obj: JsonObject) -> Health:
    for kind in ("SpecError", "SubmissionError"):
        if condition_status(obj, kind) == "True":
            return degraded(str((condition(obj, kind) or {}).get("message") or ""))
    return healthy()


def certificate(obj: JsonObject) -> Health:
    if condition_status(obj, "Issuing") == "True":
        return progressing(str((condition(obj, "Issuing") or {}).get("message") or ""))
    return _ready(obj, "Waiting for certificate")


def issuer(obj: JsonObject) -> Health:
    return _ready(obj, f"Initializing {'issuer' if obj.get('kind') == 'Issuer' else 'ClusterIssuer'}")


def _ready(obj: JsonObject, waiting: str) -> Health:
    match condition_status(obj, "Ready"):
        case "False":
            return degraded(str((condition(obj, "Ready") or {}).get("message") or ""))
        case "True":
            return healthy(str((condition(obj, "Ready") or {}).get("message") or ""))
        case _:
            return progressing(waiting)


def sealed_secret(obj: JsonObject) -> Health:
    match condition_status(obj, "Synced"):
        case "False":
            return degraded(str((condition(obj, "Synced") or {}).get("message") or ""))
        case "True":
            return healthy()
        case _:
            return progressing("Waiting for Sealed Secret to be decrypted")
