"""Clusters, nodes, machines and autoscaling: Cluster API, Karpenter, KubeVirt, KEDA, Gardener, OLM, nmstate, Humio."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    about_kind,
    at,
    by_condition,
    having,
    kind_of,
    listed,
    message,
    message_or_reason,
    ready,
    reason_and_message,
    stale,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

CLUSTER_API = "cluster.x-k8s.io"
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
    if not state:
        return progressing("Update in progress")
    return Health(HUMIO_STATES.get(state, "Unknown"), f"Component state: {state}.")


def humio_cluster(obj: JsonObject) -> Health:
    state = text(obj, "status", "state")
    if not state:
        return progressing("Update in progress")
    health, said = HUMIO_CLUSTER.get(state, ("Unknown", f"Component state: {state}."))
    return Health(health, (text(obj, "status", "message") or said) if state == "ConfigError" else said)


def eks_control_plane(obj: JsonObject) -> Health:
    """A failure that the provider names outweighs all; then every condition in error, message after message."""
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


def machine(obj: JsonObject) -> Health:
    phase = text(obj, "status", "phase")
    if failure := text(obj, "status", "failureMessage"):
        return degraded(failure)
    if phase == "Failed":
        return degraded("Machine has failed")
    found = having(obj, "Ready")
    if found is not None and found.get("status") == "False":
        broken = found.get("severity") == "Error"
        return degraded(message_or_reason(found)) if broken else progressing(message_or_reason(found))
    if phase == "Running" and (found is None or found.get("status") == "True"):
        return healthy("Machine is running")
    return progressing(f"Machine is {phase}" if phase else "Waiting for machine")


def machine_set(obj: JsonObject) -> Health:
    """MachineDeployment or MachinePool: its phase, and Ready where it is told."""
    kind, phase = kind_of(obj), text(obj, "status", "phase")
    if at(obj, "spec", "paused") is True:
        return suspended(f"{kind} is paused")
    found = having(obj, "Ready") or having(obj, "Available")
    if phase == "Failed":
        return degraded(message_or_reason(found) if found else f"{kind} has failed")
    if phase == "Running" and (found is None or found.get("status") == "True"):
        return healthy(f"{kind} is running")
    if found is not None and found.get("status") == "False" and found.get("severity") == "Error":
        return degraded(message_or_reason(found))
    return progressing(f"{kind} is {phase}" if phase else f"Waiting for {kind}")


def capi_cluster(obj: JsonObject) -> Health:
    if at(obj, "spec", "paused") is True:
        return suspended("Cluster is paused")
    phase = text(obj, "status", "phase")
    found = having(obj, "Ready") or having(obj, "Available")
    if phase == "Failed":
        return degraded(message_or_reason(found) if found else "Cluster has failed")
    if found is None:
        return progressing("Waiting for cluster")
    if found.get("status") == "True":
        return healthy("Cluster is provisioned") if phase == "Provisioned" else progressing("Cluster is provisioning")
    broken = found.get("severity") == "Error"
    return degraded(message_or_reason(found)) if broken else progressing(message_or_reason(found))


def virtual_machine(obj: JsonObject) -> Health:
    """Stopped on purpose is Suspended; a paused guest too; otherwise ready or on its way."""
    state = text(obj, "status", "printableStatus")
    if having(obj, "Paused", "True") is not None or state == "Paused":
        return suspended("Paused")
    if state in ("Stopped", "Halted"):
        return suspended(state)
    if state.startswith("Err") or state in ("CrashLoopBackOff", "DataVolumeError", "Unschedulable", "PvcNotFound"):
        return degraded(state)
    failure = having(obj, "Failure", "True")
    if failure is not None:
        return degraded(message(failure))
    if at(obj, "status", "ready") is True or having(obj, "Ready", "True") is not None:
        return healthy("Running")
    return progressing(state or "Starting")


def virtual_machine_instance(obj: JsonObject) -> Health:
    if having(obj, "Paused", "True") is not None:
        return suspended("Paused")
    phase, found = text(obj, "status", "phase"), having(obj, "Ready")
    if phase == "Failed":
        return degraded(phase)
    if phase == "Running":
        if found is not None and found.get("status") == "False" and found.get("reason") == "GuestNotRunning":
            return progressing(message_or_reason(found))
        return healthy(phase)
    return healthy(phase) if phase == "Succeeded" else progressing(phase or "No status available")


def subscription(obj: JsonObject) -> Health:
    """An operator's subscription: what blocks it, then whether an install plan waits for approval."""
    bad = ("CatalogSourcesUnhealthy", "InstallPlanMissing", "InstallPlanFailed", "ResolutionFailed")
    found = [item for item in listed(obj) if item.get("type") in bad and item.get("status") == "True"]
    if found:
        return degraded("; ".join(reason_and_message(item) for item in found))
    pending = having(obj, "InstallPlanPending", "True")
    if pending is not None:
        manual = pending.get("reason") == "RequiresApproval"
        return Health("Suspended" if manual else "Progressing", reason_and_message(pending))
    state = text(obj, "status", "state")
    if state in ("AtLatestKnown", "UpgradeAvailable"):
        return healthy(state)
    return progressing(state or "Waiting for subscription")


def shoot(obj: JsonObject) -> Health:
    state, description = (text(obj, "status", "lastOperation", name) for name in ("state", "description"))
    if not state:
        return progressing("Waiting for Shoot status")
    if state in ("Failed", "Error", "Aborted"):
        return degraded(description)
    if state != "Succeeded":
        return progressing(description)
    failing = [item for item in listed(obj) if item.get("status") == "False"]
    return degraded(message_or_reason(failing[0])) if failing else healthy(description)


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

health_check: Check = by_condition(
    On("RemediationAllowed", "False", "Degraded", message_or_reason),
    On("RemediationAllowed", "True", "Healthy", "MachineHealthCheck is healthy"),
    waiting="Waiting for MachineHealthCheck",
)

resource_set: Check = by_condition(
    On("ResourcesApplied", "True", "Healthy", "cluster resource set is applied"),
    On("ResourcesApplied", "False", "Degraded", message_or_reason),
    waiting="Waiting for ClusterResourceSet to be applied",
)

CHECKS: Table = {
    **{
        (HUMIO, kind): humio
        for kind in ("HumioAction", "HumioAlert", "HumioIngestToken", "HumioParser", "HumioRepository", "HumioView")
    },
    (HUMIO, "HumioCluster"): humio_cluster,
    ("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane"): eks_control_plane,
    (CLUSTER_API, "Cluster"): capi_cluster,
    (CLUSTER_API, "Machine"): machine,
    (CLUSTER_API, "MachineDeployment"): machine_set,
    (CLUSTER_API, "MachinePool"): machine_set,
    (CLUSTER_API, "MachineHealthCheck"): health_check,
    ("addons.cluster.x-k8s.io", "ClusterResourceSet"): resource_set,
    ("core.gardener.cloud", "Shoot"): shoot,
    **{("keda.sh", kind): check for kind, check in keda.items()},
    ("karpenter.sh", "NodeClaim"): karpenter,
    ("karpenter.sh", "NodePool"): karpenter,
    ("karpenter.k8s.aws", "EC2NodeClass"): karpenter,
    ("kubevirt.io", "VirtualMachine"): virtual_machine,
    ("kubevirt.io", "VirtualMachineInstance"): virtual_machine_instance,
    ("nmstate.io", "NodeNetworkConfigurationPolicy"): nmstate,
    ("operators.coreos.com", "Subscription"): subscription,
    ("coralogix.com", "Alert"): ready(about_kind("Waiting for {kind}"), "RemoteSynced"),
    ("coralogix.com", "RecordingRuleGroupSet"): ready(about_kind("Waiting for {kind}"), "RemoteSynced"),
}
