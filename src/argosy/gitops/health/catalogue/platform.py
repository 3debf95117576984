"""Clusters, nodes, machines and autoscaling: Cluster API, Karpenter, KubeVirt, KEDA, Gardener, OLM, nmstate, Humio."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    about_kind,
    at,
    by_condition,
    having,
    listed,
    message,
    message_or_reason,
    reason_and_message,
    stale,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

HUMIO = "core.humio.com"
HUMIO_STATES = {"Exists": "Healthy", "NotFound": "Missing", "ConfigError": "Degraded", "Unknown": "Unknown"}
HUMIO_CLUSTER = {
    "Running": ("Healthy", "Cluster is in a healthy running state"),
    "Restarting": ("Progressing", "Cluster pods are being restarted"),
    "Upgrading": ("Progressing", "Cluster pods are being upgraded"),
    "Pending": ("Progressing", "Cluster is waiting on resources to be provisioned"),
    "ConfigError": ("Degraded", "User-provided cluster specification resulted in a configuration error"),
}


def humio(obj: JsonObject) -> Health:
    state = text(obj, "status", "state")
    if state not in HUMIO_STATES:
        return progressing("Update in progress")
    return Health(HUMIO_STATES[state], f"Component state: {state}.")


def humio_cluster(obj: JsonObject) -> Health:
    state = text(obj, "status", "state")
    if not state:
        return progressing("Update in progress")
    health, summary = HUMIO_CLUSTER.get(state, ("Unknown", f"Component state: {state}."))
    return Health(health, (text(obj, "status", "message") or summary) if state == "ConfigError" else summary)


def eks_control_plane(obj: JsonObject) -> Health:
    """A failure that the provider reports outweighs all; then every condition with an error, message after message."""
    if failure := text(obj, "status", "failureMessage"):
        return degraded(failure)
    if stale(obj):
        return progressing("Waiting for the control plane spec to be reconciled")
    errors = [item for item in listed(obj) if item.get("status") == "False" and item.get("severity") == "Error"]
    if errors:
        return degraded("".join(f"{message(item)} " for item in errors))
    if having(obj, "EKSControlPlaneUpdating", "True") is not None:
        return progressing("EKS control plane is updating")
    if at(obj, "status", "ready") is not True:
        return progressing("Control plane is not ready (.status.ready is false)")
    good = having(obj, "Ready", "True") is not None
    return healthy("Control plane is ready") if good else progressing("Control plane is not ready")


def virtual_machine(obj: JsonObject) -> Health:
    """The conditions decide the health, and the printed status is the message."""
    found = progressing("No status available")
    for condition in listed(obj):
        is_true = condition.get("status") == "True"
        if condition.get("type") == "Paused" and is_true:
            return suspended("Paused")
        if condition.get("type") == "Ready":
            is_made = bool(at(obj, "status", "created"))
            waiting = found._replace(message="Starting") if is_made else suspended("Stopped")
            found = healthy("Running") if is_true else waiting
    printed = at(obj, "status", "printableStatus")
    return found if printed is None else found._replace(message=str(printed))


keda: dict[str, Check] = {
    kind: by_condition(
        On("Paused", "True", "Suspended"),
        On("Fallback", "True", "Degraded"),
        On("Ready", "False", "Degraded"),
        On("Ready", "Unknown", "Degraded"),
        On("Ready", "True", "Healthy"),
        waiting=waiting,
    )
    for kind, waiting in (
        ("ScaledObject", "Creating HorizontalPodAutoscaler Object"),
        ("ScaledJob", "Waiting for ScaledJob"),
    )
}


def _nmstate(found: JsonObject) -> str:
    return reason_and_message(found)


nmstate: Check = by_condition(
    On("Degraded", "True", "Degraded", _nmstate),
    On("Available", "True", "Healthy", _nmstate),
    On("Progressing", "True", "Progressing", _nmstate),
    On("Ignored", "True", "Suspended", _nmstate),
    waiting="Waiting for policy to be applied",
)

karpenter: Check = by_condition(
    On("Ready", "True", "Healthy", message_or_reason),
    On("Ready", "False", "Degraded", message_or_reason),
    On("Ready", "Unknown", "Progressing", message_or_reason),
    waiting=about_kind("Waiting for {kind} to be ready"),
)


CHECKS: Table = {
    **{
        (HUMIO, kind): humio
        for kind in ("HumioAction", "HumioAlert", "HumioIngestToken", "HumioParser", "HumioRepository", "HumioView")
    },
    (HUMIO, "HumioCluster"): humio_cluster,
    ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane"): eks_control_plane,
    **{("keda.sh", kind): check for kind, check in keda.items()},
    ("karpenter.sh", "NodePool"): karpenter,
    ("karpenter.k8s.aws", "EC2NodeClass"): karpenter,
    ("kubevirt.io", "VirtualMachine"): virtual_machine,
    ("nmstate.io", "NodeNetworkConfigurationPolicy"): nmstate,
}
