"""Delivery tools and their workloads: Flux, OpenKruise, Flagger, Spot, Keptn, Knative, KServe, Karmada, promoter."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    about_kind,
    at,
    by_condition,
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
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

FLUX = (
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("image.toolkit.fluxcd.io", "ImagePolicy"),
    ("image.toolkit.fluxcd.io", "ImageRepository"),
    ("image.toolkit.fluxcd.io", "ImageUpdateAutomation"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("notification.toolkit.fluxcd.io", "Receiver"),
    ("source.toolkit.fluxcd.io", "Bucket"),
    ("source.toolkit.fluxcd.io", "GitRepository"),
    ("source.toolkit.fluxcd.io", "HelmChart"),
    ("source.toolkit.fluxcd.io", "HelmRepository"),
    ("source.toolkit.fluxcd.io", "OCIRepository"),
)
KEPTN = ("KeptnAppVersion", "KeptnEvaluation", "KeptnTask", "KeptnWorkloadInstance", "KeptnWorkloadVersion")
CANARY_PHASES = states(Healthy="Initialized Succeeded", Degraded="Failed")
HELM_OCI = "Helm repositories of type 'oci' do not contain any information in the status."

_flux_ready: Check = by_condition(
    On("Ready", "True", "Healthy", reason),
    On("Ready", "False", "Degraded", reason),
    On("Ready", "Unknown", "Progressing", reason),
    waiting=about_kind("Waiting for {kind}"),
    suspended=about_kind("{kind} is suspended"),
)


def flux(obj: JsonObject) -> Health:
    if kind_of(obj) == "HelmRepository" and text(obj, "spec", "type") == "oci":
        return healthy(HELM_OCI)
    return _flux_ready(obj)


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
    phase = text(obj, "status", "phase")
    if not phase:
        return progressing("Waiting for Canary status")
    parts = [phase]
    if phase == "Progressing":
        parts.append(f"Canary Weight: {at(obj, 'status', 'canaryWeight') or 0} %")
    if (promoted := having(obj, "Promoted")) is not None:
        parts.append(message(promoted))
    return Health(CANARY_PHASES.get(phase, "Progressing"), " --- ".join(parts))


def spot_deployment(obj: JsonObject) -> Health:
    """As a Rollout: a broken specification or an aborted rollout is a condition; the rest is its phase."""
    if (invalid := having(obj, "InvalidSpec")) is not None:
        return degraded(message(invalid))
    moving = having(obj, "Progressing")
    if moving is not None and reason(moving) in ("RolloutAborted", "ProgressDeadlineExceeded"):
        return degraded(message(moving))
    phase, told = text(obj, "status", "phase"), text(obj, "status", "message")
    if not phase:
        return progressing("Waiting for rollout to finish: status has not been reconciled.")
    return Health({"Paused": "Suspended"}.get(phase, phase), told)


def keptn(obj: JsonObject) -> Health:
    state = text(obj, "status", "overallStatus") or text(obj, "status", "status") or text(obj, "status", "state")
    kind = kind_of(obj)
    if state in ("Succeeded", "Completed"):
        return healthy(f"{kind} is healthy")
    return degraded(f"{kind} is degraded") if state == "Failed" else progressing(f"{kind} is progressing")


def _line(item: JsonObject) -> str:
    return " | ".join(part for part in (text(item, "type"), text(item, "status"), reason(item), message(item)) if part)


def knative(obj: JsonObject) -> Health:
    """All conditions True; otherwise all of them are listed, and one that is neither False nor Unknown is an error."""
    kind, found = kind_of(obj), listed(obj)
    if not found:
        return progressing(f"Waiting for {kind}")
    said = "".join(f"{place}: {_line(item)}\n" for place, item in enumerate(found, 1))
    values = {text(item, "status") for item in found}
    if values == {"True"}:
        return healthy(f"{kind} is healthy.")
    return progressing(said) if values <= {"True", "False", "Unknown"} else degraded(said)


def inference_service(obj: JsonObject) -> Health:
    """KServe lists, by number, what is not True, after how the model's loading goes."""
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
    said = head + "".join(f" | {place}: {_line(item)}" for place, item in open_ones)
    failed = any(item.get("status") == "False" for _, item in open_ones)
    if loading in ("BlockedByFailedLoad", "InvalidSpec"):
        return degraded(said)
    return degraded(said) if failed and loading != "InProgress" else progressing(said)


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
    said = f"{there}/{wanted} replicas ready"
    done = available is not None and there >= wanted
    return healthy(f"Application is healthy with {said}") if done else progressing(f"Waiting for replicas: {said}")


def collector(obj: JsonObject) -> Health:
    """OpenTelemetry: a sidecar runs in others' pods; otherwise `ready/wanted` is told as text."""
    mode, ratio = text(obj, "spec", "mode"), text(obj, "status", "scale", "statusReplicas")
    if mode == "sidecar":
        return healthy("Collector is running in sidecar mode")
    there, slash, wanted = ratio.partition("/")
    if not (slash and there.isdigit() and wanted.isdigit()):
        return progressing("Waiting for OpenTelemetry Collector status")
    if int(wanted) == 0 and mode == "daemonset":
        return healthy("DaemonSet has no eligible nodes (0/0)")
    if int(there) >= int(wanted):
        return healthy("All replicas are ready")
    return degraded("No replicas are ready") if int(there) == 0 else progressing("Replicas are starting up")


def promoter(obj: JsonObject) -> Health:
    """The promoter's kinds: Ready; the phase of a check; a pull request's state is of no account."""
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

kiali: Check = by_condition(
    On("Failure", "True", "Degraded"),
    On("Successful", "True", "Healthy"),
    On("Running", "True", "Progressing"),
    waiting="Waiting for Kiali",
)


CHECKS: Table = {
    **dict.fromkeys(FLUX, flux),
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
