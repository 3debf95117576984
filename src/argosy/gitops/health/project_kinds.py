"""The kinds of this project and their neighbours (spec 9.4), as rules over conditions."""

from __future__ import annotations

from argosy.gitops.health.verdict import Check, Health, conditions, degraded, healthy, progressing, suspended
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
    wanted = spec.get("replicas", 1)
    updated, available = status.get("updatedReplicas") or 0, status.get("availableReplicas") or 0
    if updated < wanted:
        return progressing("Waiting for roll out to finish: More replicas need to be updated")
    if (status.get("replicas") or 0) > updated:
        return progressing("Waiting for roll out to finish: old replicas are pending termination")
    if available < updated:
        return progressing("Waiting for roll out to finish: updated replicas are still becoming available")
    return healthy()


def _rollout_unobserved(obj: JsonObject, spec: JsonObject, status: JsonObject) -> bool:
    metadata, observed = obj.get("metadata") or {}, str(status.get("observedGeneration") or "")
    if observed.isdigit() and int(observed) != metadata.get("generation"):
        return True
    workload = annotations_of(obj).get(WORKLOAD_GENERATION)
    return (
        bool(spec.get("workloadRef"))
        and workload is not None
        and workload != str(status.get("workloadObservedGeneration"))
    )


def _by_phase(title: str) -> Check:
    def check(obj: JsonObject) -> Health:
        status = obj.get("status") or {}
        phase = status.get("phase")
        if not phase:
            return progressing(f"Waiting for {title} to finish: status has not been reconciled.")
        words = {
            "Progressing": "is running",
            "Healthy": "is successful",
            "Degraded": "failed",
            "Unknown": "is inconclusive",
        }
        found = ANALYSIS.get(str(phase), "Unknown")
        return Health(found, status.get("message") or f"{title[0].upper()}{title[1:]} {words[found]}")

    return check


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
    for kind in ("SpecError", "SubmissionError"):
        found = conditions(obj).get(kind, {})
        if found.get("status") == "True":
            return degraded(found.get("message") or "")
    return healthy()


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
        told = terminating.get("message")
        return progressing(f"CRD is terminating: {told}" if told else "CRD is terminating")
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
    """Conditions are read one by one: a budget may carry two of one type."""
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
    ("argoproj.io", "AnalysisRun"): ((), _by_phase("analysis run")),
    ("argoproj.io", "Experiment"): ((), _by_phase("experiment")),
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
