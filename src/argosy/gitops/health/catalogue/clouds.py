"""Resources of cloud providers: Crossplane, Upbound, ACK, Config Connector and similar (spec 17 f)."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    at,
    by_condition,
    having,
    kind_of,
    listed,
    message,
    reason,
    stale,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

UP_TO_DATE = "Resource is up-to-date."
WITHOUT_STATUS = frozenset(
    {
        "ClusterProviderConfig",
        "Composition",
        "CompositionRevision",
        "ControllerConfig",
        "DeploymentRuntimeConfig",
        "EnvironmentConfig",
        "ProviderConfig",
        "ProviderConfigUsage",
    }
)
FAILING = ("Synced", "LastAsyncOperation")
WORKING = ("Ready", "Healthy", "Offered", "Established", "ValidPipeline", "RevisionHealthy")
CONNECTOR_FAILURES = ("UpdateFailed", "DependencyNotFound")


def crossplane(obj: JsonObject) -> Health:
    """Any kind of Crossplane or Upbound: a failed operation outweighs Ready; some kinds report nothing at all."""
    kind, found = kind_of(obj), at(obj, "status", "conditions")
    if obj.get("status") is None or (not obj["status"] and kind in WITHOUT_STATUS):
        return healthy(UP_TO_DATE)
    if found is None:
        in_use = kind in ("ProviderConfig", "ClusterProviderConfig") and at(obj, "status", "users") is not None
        return healthy("Resource is in use.") if in_use else progressing("Provisioning ...")
    for item in listed(obj):
        if item.get("type") in FAILING and item.get("status") == "False":
            return degraded(message(item))
    if any(item.get("type") in WORKING and item.get("status") == "True" for item in listed(obj)):
        return healthy(UP_TO_DATE)
    return progressing("Provisioning ...")


def crossplane_package(obj: JsonObject) -> Health:
    """A package is installed and healthy, each with a reason; both reasons are shown."""
    installed, working = having(obj, "Installed"), having(obj, "Healthy")
    if installed is None and working is None:
        return progressing("Waiting for provider to be installed")
    both = " ".join(reason(item) for item in (installed, working) if item)
    good = all(item is not None and item.get("status") == "True" for item in (installed, working))
    return healthy(both) if good else degraded(both)


def config_connector(obj: JsonObject) -> Health:
    """The first condition with a reason decides, whatever its type; those of another generation are ignored."""
    kind = kind_of(obj)
    if not obj.get("status") or stale(obj):
        return progressing("Update in progress")
    good = at(obj, "status", "healthy")
    if kind in ("ConfigConnector", "ConfigConnectorContext") and good is not None:
        return healthy(f"{kind} is healthy") if good is True else degraded(f"{kind} is not healthy")
    for item in listed(obj):
        if item.get("reason") == "UpToDate" and item.get("status") == "True":
            return healthy(message(item))
        if item.get("reason") in CONNECTOR_FAILURES:
            return degraded(message(item))
        if item.get("reason") == "DependencyNotReady":
            return suspended(message(item))
    return progressing("Update in progress")


ack: Check = by_condition(
    On("ACK.Terminal", "True", "Degraded"),
    On("ACK.Recoverable", "True", "Degraded"),
    On("Ready", "False", "Progressing"),
    On("ACK.ResourceSynced", "False", "Progressing"),
    On("Ready", "Unknown", "Progressing"),
    On("ACK.ResourceSynced", "Unknown", "Progressing"),
    On("Ready", "True", "Healthy", ""),
    On("ACK.ResourceSynced", "True", "Healthy", ""),
    waiting="Waiting for resource to be ready",
)


def iam_role(obj: JsonObject) -> Health:
    state = text(obj, "status", "state")
    name, arn, identity = (text(obj, "status", field) or "<none>" for field in ("roleName", "roleARN", "roleID"))
    if state == "Ready":
        return healthy(f"Role '{name}' exists with ARN '{arn}' and ID '{identity}'.")
    if not state or state.endswith("InProgress"):
        return progressing("Waiting for Iamrole to be reconciled")
    retries = at(obj, "status", "retryCount")
    retry = f" (retry {retries})" if retries else ""
    return degraded(
        f"Failed to reconcile the Iamrole{retry} for role '{name}' with ARN '{arn}' and ID '{identity}'. "
        f"Reconciliation error was: {text(obj, 'status', 'errorDescription')}"
    )


def sap_service(obj: JsonObject) -> Health:
    """An instance or binding of SAP's service operator: healthy unless a condition of this generation is bad."""
    if at(obj, "metadata", "deletionTimestamp"):
        return progressing("Resource is being deleted")
    if at(obj, "status", "conditions") is None:
        return progressing("Waiting for status")
    generation = at(obj, "metadata", "generation")
    for item in listed(obj):
        if None not in (generation, seen := item.get("observedGeneration")) and seen != generation:
            return progressing("Waiting for spec update to be observed")
        if (item.get("type"), item.get("status")) in (("Succeeded", "False"), ("Failed", "True")):
            return degraded(message(item))
    return healthy("Ready to use")


def managed_certificate(obj: JsonObject) -> Health:
    domains = [text(item, "status") for item in listed(obj, "status", "domainStatus")]
    if any(domain.startswith("Failed") for domain in domains):
        return degraded("At least one certificate has failed to be provisioned")
    if domains and all(domain == "Active" for domain in domains):
        return healthy("All certificates are active")
    return progressing("At least one certificate is still being provisioned")


def pulumi_stack(obj: JsonObject) -> Health:
    """The first of these conditions that is true, in the object's own order."""
    if obj.get("status") is None or at(obj, "status", "observedGeneration") != at(obj, "metadata", "generation"):
        return progressing("Waiting for the operator to observe the latest spec change")
    healths = {"Stalled": "Degraded", "Reconciling": "Progressing", "Ready": "Healthy"}
    for condition in listed(obj):
        if condition.get("status") == "True" and condition.get("type") in healths:
            return Health(healths[str(condition["type"])], message(condition))
    return progressing("Waiting for the stack to be reconciled")


CHECKS: Table = {
    ("*.crossplane.io", "*"): crossplane,
    ("*.upbound.io", "*"): crossplane,
    ("*.cnrm.cloud.google.com", "*"): config_connector,
    ("*.services.k8s.aws", "*"): ack,
    ("pkg.crossplane.io", "Provider"): crossplane_package,
    ("iammanager.keikoproj.io", "Iamrole"): iam_role,
    ("services.cloud.sap.com", "ServiceInstance"): sap_service,
    ("services.cloud.sap.com", "ServiceBinding"): sap_service,
    ("networking.gke.io", "ManagedCertificate"): managed_certificate,
    ("pulumi.com", "Stack"): pulumi_stack,
}
