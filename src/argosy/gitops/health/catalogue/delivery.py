"""Delivery tools and their workloads: Flux, OpenKruise, Flagger, Spot, Keptn, Knative, KServe, Karmada, promoter."""

from __future__ import annotations

import re
from typing import Final

from argosy.gitops.health.catalogue.rules import (
    Table,
    at,
    by_value,
    having,
    is_true,
    kind_of,
    listed,
    message,
    message_or_reason,
    reason,
    stale,
    states,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, number, progressing, suspended
from argosy.machinery.objects import JsonObject

KEPTN = ("KeptnAppVersion", "KeptnEvaluation", "KeptnTask", "KeptnWorkloadInstance", "KeptnWorkloadVersion")
CANARY_PHASES = states(
    Healthy="Initialized Succeeded", Degraded="Failed", Progressing="Progressing Finalising Promoting"
)


def kruise_rollout(obj: JsonObject) -> Health:
    phase = text(obj, "status", "phase")
    if not phase or stale(obj):
        return progressing("Rollout is still progressing")
    if phase in ("Disabled", "Disabling", "Terminating"):
        return degraded("Rollout is Disabled or Terminating")
    if phase in ("Healthy", "Succeeded"):
        return healthy("Rollout is Completed")
    steps = {text(obj, "status", part, "currentStepState") for part in ("canaryStatus", "blueGreenStatus")}
    if "StepPaused" in steps:
        return suspended("Rollout is Paused need manual intervention")
    return progressing("Rollout is still progressing")


def canary(obj: JsonObject) -> Health:
    """Its phase, the weight if there is one, and every condition's message."""
    if not obj.get("status"):
        return Health("Unknown", "No status")
    phase, weight = text(obj, "status", "phase"), text(obj, "status", "canaryWeight")
    parts = [f"Canary Weight: {weight} %"] if number(weight) > 0 else []
    shown = " --- ".join([*parts, *map(message, listed(obj))])
    return Health(CANARY_PHASES.get(phase, "Unknown"), f"{phase} --- {shown}")


def spot_deployment(obj: JsonObject) -> Health:
    """As a Rollout: an invalid spec or an aborted rollout is a condition; all else is its phase."""
    if (invalid := having(obj, "InvalidSpec")) is not None:
        return degraded(message(invalid))
    moving = having(obj, "Progressing")
    if moving is not None and reason(moving) in ("RolloutAborted", "ProgressDeadlineExceeded"):
        return degraded(message(moving))
    phase, shown = text(obj, "status", "phase"), text(obj, "status", "message")
    if not phase:
        return progressing("Waiting for rollout to finish: status has not been reconciled.")
    return Health({"Paused": "Suspended"}.get(phase, phase), shown)


def keptn(obj: JsonObject) -> Health:
    state = text(obj, "status", "overallStatus") or text(obj, "status", "status") or text(obj, "status", "state")
    kind = kind_of(obj)
    if state in ("Succeeded", "Completed"):
        return healthy(f"{kind} is healthy")
    return degraded(f"{kind} is degraded") if state == "Failed" else progressing(f"{kind} is progressing")


def _line(item: JsonObject) -> str:
    return " | ".join(part for part in (text(item, "type"), text(item, "status"), reason(item), message(item)) if part)


def knative(obj: JsonObject) -> Health:
    """Both proofs are true and nothing is pending; otherwise all conditions are listed."""
    kind, found = kind_of(obj), listed(obj)
    if at(obj, "status", "conditions") is None:
        return progressing(f"Waiting for {kind}")
    shown = "".join(f"{place}: {_line(item)}\n" for place, item in enumerate(found, 1))
    proofs = [item.get("status") for item in found if item.get("type") in ("Ready", "InstallSucceeded")]
    unready = any(item.get("type") == "Ready" and item.get("status") == "False" for item in found)
    if unready or any(item.get("status") == "Unknown" for item in found):
        return progressing(shown)
    return healthy(f"{kind} is healthy.") if proofs.count("True") == 2 else degraded(shown)


def inference_service(obj: JsonObject) -> Health:
    """KServe lists, numbered, the conditions that are not True, after the state of the model's loading."""
    if is_true(obj, "Stopped"):
        return suspended("InferenceService is Stopped")
    loading = text(obj, "status", "modelStatus", "transitionStatus")
    found = [item for item in listed(obj) if item.get("type") != "Stopped"]
    if not found and not loading:
        return progressing("Waiting for InferenceService to report status...")
    open_ones = [(place, item) for place, item in enumerate(found, 1) if item.get("status") != "True"]
    if not open_ones and loading in ("", "UpToDate"):
        return healthy("InferenceService is healthy.")
    head = f"0: transitionStatus | {loading}" if loading and loading != "UpToDate" else ""
    shown = head + "".join(f" | {place}: {_line(item)}" for place, item in open_ones)
    failed = any(item.get("status") == "False" for _, item in open_ones)
    if loading in ("BlockedByFailedLoad", "InvalidSpec"):
        return degraded(shown)
    return degraded(shown) if failed and loading != "InProgress" else progressing(shown)


def spin_app(obj: JsonObject) -> Health:
    if not obj.get("status"):
        return progressing("Waiting for status to be available")
    moving, available = having(obj, "Progressing"), having(obj, "Available")
    if moving is not None and reason(moving) == "ProgressDeadlineExceeded":
        return degraded(message(moving))
    if moving is not None and moving.get("status") == "True":
        return progressing(message(moving))
    if available is not None and available.get("status") == "False":
        return degraded(message(available))
    there, wanted = at(obj, "status", "readyReplicas") or 0, at(obj, "spec", "replicas") or 0
    shown = f"{there}/{wanted} replicas ready"
    done = available is not None and there >= wanted
    return healthy(f"Application is healthy with {shown}") if done else progressing(f"Waiting for replicas: {shown}")


def collector(obj: JsonObject) -> Health:
    """OpenTelemetry: `ready/wanted` is a text; a sidecar, which runs in others' pods, has none."""
    if obj.get("status") is None:
        return progressing("Waiting for OpenTelemetry Collector status")
    mode, ratio = text(obj, "spec", "mode"), at(obj, "status", "scale", "statusReplicas")
    if ratio is None:
        alone = mode != "sidecar"
        return progressing("Scale status not available") if alone else healthy("Collector is running in sidecar mode")
    counts = _COUNTS.search(str(ratio))
    if counts is None:
        return progressing(f"Unable to parse replica status: {ratio}")
    there, wanted = map(int, counts.groups())
    if there == 0:
        nowhere = mode == "daemonset" and wanted == 0
        return healthy("DaemonSet has no eligible nodes (0/0)") if nowhere else degraded("No replicas are ready")
    return healthy("All replicas are ready") if there == wanted else progressing("Replicas are starting up")


_COUNTS: Final = re.compile(r"(\d+)/(\d+)")


def promoter(obj: JsonObject) -> Health:
    """The promoter's kinds: Ready; the phase of a check; a pull request's state is ignored."""
    kind = kind_of(obj)
    if at(obj, "metadata", "deletionTimestamp"):
        return progressing(f"{kind} is being deleted")
    found = having(obj, "Ready")
    if found is None:
        return progressing(f"Waiting for {kind} status")
    if stale(found | {"metadata": obj.get("metadata") or {}}, "observedGeneration"):
        return progressing(f"Waiting for {kind} spec update to be observed")
    if found.get("status") == "True":
        return healthy(f"{kind} is healthy")
    if found.get("status") == "False":
        return degraded(f"{kind} is not ready: {message_or_reason(found)}")
    return progressing(f"{kind} is not ready: {message_or_reason(found)}")


ansible_job: Check = by_value(
    ("status", "ansibleJobResult", "status"),
    states(Healthy="successful", Degraded="failed error canceled"),
    lambda obj: (
        f"{text(obj, 'status', 'ansibleJobResult', 'status')} job - {text(obj, 'status', 'ansibleJobResult', 'url')}"
    ),
    "Waiting for AnsibleJob",
)

jaeger: Check = by_value(
    ("status", "phase"),
    states(Healthy="Running", Degraded="Failed"),
    lambda obj: {"Running": "Jaeger is Running", "Failed": "Jaeger Failed For Some Reason"}.get(
        text(obj, "status", "phase"), "Waiting for Jaeger"
    ),
    "Waiting for Jaeger",
)


def kiali(obj: JsonObject) -> Health:
    """The first condition with a message."""
    for item in listed(obj):
        kind, holds = item.get("type"), item.get("status") == "True"
        if kind in ("Successful", "Failure") and holds:
            return Health("Healthy" if kind == "Successful" else "Degraded", message(item))
        if kind == "Running" and reason(item) == "Running":
            return progressing(message(item))
    return progressing("Waiting for Kiali")


CHECKS: Table = {
    ("rollouts.kruise.io", "Rollout"): kruise_rollout,
    ("flagger.app", "Canary"): canary,
    ("spot.io", "SpotDeployment"): spot_deployment,
    **{("lifecycle.keptn.sh", kind): keptn for kind in KEPTN},
    ("operator.knative.dev", "KnativeEventing"): knative,
    ("operator.knative.dev", "KnativeServing"): knative,
    ("serving.kserve.io", "InferenceService"): inference_service,
    ("core.spinkube.dev", "SpinApp"): spin_app,
    ("opentelemetry.io", "OpenTelemetryCollector"): collector,
    ("tower.ansible.com", "AnsibleJob"): ansible_job,
    ("jaegertracing.io", "Jaeger"): jaeger,
    ("kiali.io", "Kiali"): kiali,
}
