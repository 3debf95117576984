"""3scale: all kinds have the same conditions, few use all of them."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import Table, at, having, kind_of, listed, text
from argosy.gitops.health.verdict import Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

API = "capabilities.3scale.net"
KINDS = (
    "ActiveDoc",
    "ApplicationAuth",
    "Backend",
    "CustomPolicyDefinition",
    "DeveloperAccount",
    "DeveloperUser",
    "OpenAPI",
    "Product",
    "ProxyConfigPromote",
)
PROBLEMS = {
    "Invalid": "3scale {kind} configuration is invalid",
    "Orphan": "3scale {kind} references non-existing resources",
    "Failed": "3scale {kind} synchronization failed",
}
OTHER_WORDS = {
    ("OpenAPI", "Failed"): "3scale OpenAPI reconciliation failed",
    ("ProxyConfigPromote", "Failed"): "3cale ProxyConfigPromote failed",
}
"""As users know it, typos included."""


def capability(obj: JsonObject) -> Health:
    """The first true condition that the kind uses."""
    kind = kind_of(obj)
    if kind == "DeveloperUser" and text(obj, "status", "developerUserState") == "suspended":
        return suspended("3scale Developer user is waiting for admin approval")
    for item in listed(obj):
        if item.get("status") == "True" and (found := _meaning(str(item.get("type")), kind, item)) is not None:
            return found
    return progressing(f"Waiting for 3scale {kind} status...")


def _meaning(condition: str, kind: str, item: JsonObject) -> Health | None:
    if condition in ("Ready", "Synced"):
        return healthy(f"3scale {kind} is {condition.lower()}")
    if condition in PROBLEMS:
        return degraded(_message(item, OTHER_WORDS.get((kind, condition)) or PROBLEMS[condition].format(kind=kind)))
    if condition == "Waiting":
        return suspended(_message(item, f"3scale {kind} is waiting for approval"))
    return progressing(_message(item, f"3scale {kind} is in progress")) if condition == "In-progress" else None


def _message(item: JsonObject, otherwise: str) -> str:
    found = item.get("message")
    return otherwise if found is None else str(found)


def application(obj: JsonObject) -> Health:
    if text(obj, "status", "state") == "suspended":
        return suspended("3scale Application is suspended")
    found = having(obj, "Ready")
    if found is None:
        return progressing("Waiting for 3scale Application status...")
    if found.get("status") == "True":
        return healthy("3scale Application is ready")
    return degraded(_message(found, "3scale Application is not ready"))


def tenant(obj: JsonObject) -> Health:
    """Ready, and with both ids in 3scale."""
    known = all(
        isinstance(at(obj, "status", word), int) and at(obj, "status", word) > 0 for word in ("tenantId", "adminId")
    )
    if known and having(obj, "Ready", "True") is not None:
        return healthy("3scale Tenant is ready")
    for item in listed(obj):
        if item.get("type") == "Ready" and item.get("status") != "True":
            return degraded(_message(item, "3scale Tenant is degraded"))
    return progressing("Waiting for 3scale Tenant status...")


def manager(obj: JsonObject) -> Health:
    """Unavailable while deployments still start is not a failure; unavailable with a reason is."""
    starting = any(at(obj, "status", "deployments", word) for word in ("starting", "stopped"))
    for item in listed(obj):
        if item.get("type") != "Available":
            continue
        if item.get("status") == "True":
            return healthy("3scale APIManager is available")
        if item.get("reason") and not starting:
            return degraded(f"3scale APIManager is degraded: {item['reason']}")
    return progressing("Waiting for 3scale APIManager status...")


CHECKS: Table = {
    **{(API, kind): capability for kind in KINDS},
    (API, "Application"): application,
    (API, "Tenant"): tenant,
    ("apps.3scale.net", "APIManager"): manager,
}
