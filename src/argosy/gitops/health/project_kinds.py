"""This project's kinds and related ones (spec 9.4), as rules over conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.health.verdict import Check, Health, conditions, degraded, healthy, number, progressing, suspended
from argosy.gitops.keys import annotations_of
from argosy.machinery.objects import JsonObject

WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"
ANALYSIS = {
    "Pending": "Progressing",
    "Running": "Progressing",
    "Successful": "Healthy",
    "Failed": "Degraded",
    "Error": "Degraded",
    "Inconclusive": "Unknown",
}


def rollout(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if _rollout_unobserved(obj, spec, status):
        return progressing("Waiting for rollout spec update to be observed")
    if phase := status.get("phase"):
        return Health("Suspended" if phase == "Paused" else phase, status.get("message") or "")
    found = conditions(obj)
    if "InvalidSpec" in found:
        return degraded(found["InvalidSpec"].get("message") or "")
    moving = found.get("Progressing", {})
    if moving.get("reason") in ("RolloutAborted", "ProgressDeadlineExceeded"):
        return degraded(moving.get("message") or "")
    if status.get("pauseConditions") or spec.get("paused"):
        return suspended("Rollout is paused")
    if status.get("currentPodHash") is None:
        return progressing("Waiting for rollout to finish: status has not been reconciled.")
    return _replicas(spec, status) or _cut_over(spec, status) or healthy()


def _replicas(spec: JsonObject, status: JsonObject) -> Health | None:
    updated, available = status.get("updatedReplicas") or 0, status.get("availableReplicas") or 0
    if updated < spec.get("replicas", 1):
        return progressing("Waiting for roll out to finish: More replicas need to be updated")
    if available < updated:
        return progressing("Waiting for roll out to finish: updated replicas are still becoming available")
    return None


def _cut_over(spec: JsonObject, status: JsonObject) -> Health | None:
    """Whether the new pods have taken over, by the strategy."""
    strategy, current = spec.get("strategy") or {}, status["currentPodHash"]
    canary = status.get("canary")
    stable = status.get("stableRS") or ((canary or {}).get("stableRS") if canary is not None else "") or ""
    if strategy.get("blueGreen") is not None:
        if (status.get("blueGreen") or {}).get("activeSelector") != current:
            return progressing("active service cutover pending")
        return progressing("waiting for analysis to complete") if stable and stable != current else None
    if strategy.get("canary") is not None:
        if (status.get("replicas") or 0) > (status.get("updatedReplicas") or 0):
            return progressing("Waiting for roll out to finish: old replicas are pending termination")
        return progressing("Waiting for rollout to finish steps") if stable != current else None
    return None


def _rollout_unobserved(obj: JsonObject, spec: JsonObject, status: JsonObject) -> bool:
    """Older controllers wrote a hash, or their own number, in place of the generation: it counts as observed."""
    if obj.get("status") is None:
        return True
    generation, observed = (obj.get("metadata") or {}).get("generation"), str(status.get("observedGeneration") or "")
    if observed.isdigit() and int(observed) < number(generation):
        return True
    if not spec.get("workloadRef") or (obj.get("metadata") or {}).get("annotations") is None:
        return False
    workload = annotations_of(obj).get(WORKLOAD_GENERATION)
    return str(workload or "") != str(status.get("workloadObservedGeneration") or "")


def _by_phase(title: str, texts: Mapping[str, str], *, with_message: bool) -> Check:
    """`says`: the message for each phase; `told`: a final phase is described by the object's own message, if any."""

    def check(obj: JsonObject) -> Health:
        status = obj.get("status") or {}
        phase = str(status.get("phase") or "")
        if phase not in texts:
            return progressing(f"Waiting for {title} to finish: status has not been reconciled.")
        own = status.get("message") if with_message and ANALYSIS[phase] != "Progressing" else None
        return Health(ANALYSIS[phase], texts[phase] if own is None else own)

    return check


_ANALYSIS_WORDS: Final = {
    **dict.fromkeys(("Pending", "Running"), "Analysis run is running"),
    "Successful": "Analysis run completed successfully",
    "Failed": "Analysis run failed",
    "Error": "Analysis run had an error",
    "Inconclusive": "Analysis run was inconclusive",
}
_EXPERIMENT_WORDS: Final = {
    "Pending": "Experiment is pending",
    "Running": "Experiment is running",
    "Successful": "Experiment is successful",
    "Failed": "Experiment has failed",
    "Error": "Experiment had an error",
}


def application_set(obj: JsonObject) -> Health:
    found = conditions(obj)
    rules = (
        ("ErrorOccurred", "True", "Degraded"),
        ("ResourcesUpToDate", "False", "Degraded"),
        ("RolloutProgressing", "True", "Progressing"),
        ("ResourcesUpToDate", "True", "Healthy"),
    )
    for kind, status, health in rules:
        if found.get(kind, {}).get("status") == status:
            return Health(health, found[kind].get("message") or "")
    return progressing("Waiting for the status to be reported")


def _ready(waiting: str, condition: str = "Ready") -> Check:
    def check(obj: JsonObject) -> Health:
        found = conditions(obj).get(condition, {})
        if found.get("status") in ("True", "False"):
            return Health("Healthy" if found["status"] == "True" else "Degraded", found.get("message") or "")
        return progressing(waiting)

    return check


def certificate(obj: JsonObject) -> Health:
    issuing = conditions(obj).get("Issuing", {})
    if issuing.get("status") == "True":
        return progressing(issuing.get("message") or "")
    return _ready("Waiting for certificate")(obj)


def cron_workflow(obj: JsonObject) -> Health:
    """The first of these conditions that is true, in the object's own order."""
    healths = {"SpecError": "Degraded", "SubmissionError": "Degraded", "Completed": "Healthy"}
    for condition in (obj.get("status") or {}).get("conditions") or ():
        if condition.get("status") == "True" and condition.get("type") in healths:
            return Health(healths[condition["type"]], condition.get("message") or "")
    return healthy("CronWorkflow is healthy.")


def cron_job(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status")
    if spec.get("suspend"):
        return healthy("CronJob is Suspended")
    if status is None:
        return progressing("Waiting for CronJob")
    scheduled, succeeded = status.get("lastScheduleTime"), status.get("lastSuccessfulTime")
    if not scheduled:
        return healthy("CronJob has not been scheduled yet")
    if status.get("active"):
        return healthy("The job is running. Its last execution may not have been successful")
    if not succeeded:
        return healthy("The CronJob never completed successfully. It may not be healthy")
    if succeeded < scheduled:
        return degraded("CronJob has not completed its last execution successfully")
    return healthy("CronJob has completed its last execution successfully")


def crd(obj: JsonObject) -> Health:
    found = conditions(obj)
    terminating = found.get("Terminating", {})
    if (obj.get("metadata") or {}).get("deletionTimestamp") or terminating.get("status") == "True":
        with_message = terminating.get("message")
        return progressing(f"CRD is terminating: {with_message}" if with_message else "CRD is terminating")
    if not found:
        return progressing("Status conditions not found")
    problems = (
        ("NamesAccepted", "False", "CRD names have not been accepted"),
        ("NonStructuralSchema", "True", "Schema violations found"),
    )
    for kind, bad, words in problems:
        if found.get(kind, {}).get("status") == bad:
            return degraded(f"{words}: {found[kind].get('message') or ''}")
    established = found.get("Established", {})
    if established.get("status") == "True":
        return healthy("CRD is healthy")
    installing = established.get("reason") == "Installing"
    return progressing("CRD is being installed") if installing else degraded("CRD is not established")


def disruption_budget(obj: JsonObject) -> Health:
    """Conditions are processed one by one: a budget may have two of one type."""
    found = (obj.get("status") or {}).get("conditions") or ()
    if not found:
        return progressing("Waiting for status")
    for item in found:
        reason = item.get("reason") or ""
        if item.get("status") == "False" and reason != "InsufficientPods":
            return degraded(f"PodDisruptionBudget has {reason}")
    return healthy(f"PodDisruptionBudget has {found[0].get('reason') or ''}")


CHECKS: dict[tuple[str, str], tuple[tuple[str, ...], Check]] = {
    ("argoproj.io", "Rollout"): ((), rollout),
    ("argoproj.io", "AnalysisRun"): ((), _by_phase("analysis run", _ANALYSIS_WORDS, with_message=True)),
    ("argoproj.io", "Experiment"): ((), _by_phase("experiment", _EXPERIMENT_WORDS, with_message=False)),
    ("argoproj.io", "ApplicationSet"): ((), application_set),
    ("argoproj.io", "CronWorkflow"): ((), cron_workflow),
    ("cert-manager.io", "Certificate"): ((), certificate),
    ("cert-manager.io", "Issuer"): ((), _ready("Initializing issuer")),
    ("cert-manager.io", "ClusterIssuer"): ((), _ready("Initializing ClusterIssuer")),
    ("bitnami.com", "SealedSecret"): ((), _ready("Waiting for Sealed Secret to be decrypted", "Synced")),
    ("batch", "CronJob"): ((), cron_job),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ((), crd),
    ("policy", "PodDisruptionBudget"): ((), disruption_budget),
}
