"""Secrets, identities and policies: External Secrets, 1Password, Keycloak, old cert-manager, Kyverno, Open Cluster."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    about_kind,
    at,
    by_condition,
    having,
    is_true,
    listed,
    message,
    ready,
    stale,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing
from argosy.machinery.objects import JsonObject

OCM = "policy.open-cluster-management.io"
NO_STATUS = "Waiting for the status to be reported"
OLD_STATUS = "Waiting for the status to be updated"


def fetched_secret(obj: JsonObject) -> Health:
    """kubernetes-client's ExternalSecret: one word, or `ERROR, ` and the reason."""
    state = text(obj, "status", "status")
    if state.startswith("ERROR"):
        return degraded(state.partition(", ")[2] or state)
    return healthy("Fetched ExternalSecret.") if state == "SUCCESS" else progressing("Waiting for ExternalSecret.")


def keycloak(obj: JsonObject) -> Health:
    if not listed(obj):
        return progressing("Waiting for Keycloak status conditions to exist")
    errors = having(obj, "HasErrors", "True")
    if errors is not None:
        return degraded(f"Has Errors: {message(errors)}")
    return healthy() if is_true(obj, "Ready") else progressing()


def certificate_policy(obj: JsonObject) -> Health:
    state = text(obj, "status", "compliant")
    if not state:
        return progressing(NO_STATUS)
    if state == "Compliant":
        return healthy("All certificates found comply with the policy")
    return degraded("At least once certificate does not comply with the policy")


def configuration_policy(obj: JsonObject) -> Health:
    state = text(obj, "status", "compliant")
    if not state:
        return progressing(NO_STATUS)
    if stale(obj, "status", "lastEvaluatedGeneration"):
        return progressing(OLD_STATUS)
    summary = "; ".join(
        f"{text(item, 'type')} - {message(item)}"
        for detail in listed(obj, "status", "compliancyDetails")
        for item in listed(detail, "conditions")
    )
    if state == "Compliant":
        return healthy(summary)
    return degraded(summary) if state == "NonCompliant" else progressing(summary)


def operator_policy(obj: JsonObject) -> Health:
    if not obj.get("status"):
        return progressing(NO_STATUS)
    if stale(obj):
        return progressing(OLD_STATUS)
    return _compliance(obj)


_compliance: Check = by_condition(
    On("Compliant", "True", "Healthy"),
    On("Compliant", "False", "Degraded"),
    waiting="Waiting for the compliance condition",
)


def policy(obj: JsonObject) -> Health:
    """The root policy names clusters that do not comply, its copy in a cluster's namespace names templates."""
    status = obj.get("status") or {}
    if at(obj, "spec", "disabled") is True:
        return healthy("Policy is disabled")
    if not status:
        return progressing(NO_STATUS)
    replicated = "details" in status
    what = "templates" if replicated else "clusters"
    state = text(status, "compliant")
    if not state:
        nowhere = not replicated and bool(status.get("placement")) and not status.get("status")
        return healthy("No clusters match this policy") if nowhere else progressing(NO_STATUS)
    if state == "Compliant":
        return healthy(f"All {what} are compliant")
    entries = [item for item in listed(status, "details" if replicated else "status") if item.get("compliant") == state]
    names = [text(item, "templateMeta", "name") if replicated else text(item, "clustername") for item in entries]
    summary = f"{state} {what}: {', '.join(names)}"
    return degraded(summary) if state == "NonCompliant" else progressing(summary)


one_password: Check = ready("Waiting for controller to report status", healthy=message)
secret_store: Check = ready(about_kind("Waiting for {kind}"))

CHECKS: Table = {
    ("kubernetes-client.io", "ExternalSecret"): fetched_secret,
    **{
        ("external-secrets.io", kind): secret_store
        for kind in ("ClusterSecretStore", "ExternalSecret", "PushSecret", "SecretStore")
    },
    ("onepassword.com", "OnePasswordItem"): one_password,
    ("k8s.keycloak.org", "Keycloak"): keycloak,
    ("certmanager.k8s.io", "Certificate"): ready("Waiting for certificate"),
    ("certmanager.k8s.io", "Issuer"): ready("Initializing issuer"),
    (OCM, "CertificatePolicy"): certificate_policy,
    (OCM, "ConfigurationPolicy"): configuration_policy,
    (OCM, "OperatorPolicy"): operator_policy,
    (OCM, "Policy"): policy,
}
