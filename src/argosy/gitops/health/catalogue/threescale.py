"""3scale: every kind has the same conditions, few use all of them."""

from __future__ import annotations

from argosy.gitops.health.catalogue.rules import Table, at, having, kind_of, listed, message, text
from argosy.gitops.health.verdict import Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

API = "capabilities.3scale.net"
KINDS = (
    "ActiveDoc",
    "Application",
    "ApplicationAuth",
    "Backend",
    "CustomPolicyDefinition",
    "DeveloperAccount",
    "DeveloperUser",
    "OpenAPI",
    "Product",
    "ProxyConfigPromote",
    "Tenant",
)
PROBLEMS = (
    ("Failed", "3scale {kind} synchronization failed"),
    ("Invalid", "3scale {kind} configuration is invalid"),
    ("Orphan", "3scale {kind} references resources that do not exist"),
)
FAILS_BY_READY = ("Application", "Tenant")
"""Kinds that have no Failed condition: Ready False with a message is their failure."""


def capability(obj: JsonObject) -> Health:
    kind = kind_of(obj)
    if kind == "Application" and text(obj, "status", "state") == "suspended":
        return suspended("3scale Application is suspended")
    if kind == "DeveloperUser" and text(obj, "status", "developerUserState") == "suspended":
        return suspended("3scale Developer user is waiting for admin approval")
    for problem, default in PROBLEMS:
        if (found := having(obj, problem, "True")) is not None:
            return degraded(message(found) or default.format(kind=kind))
    return _without_problem(obj, kind)


def _without_problem(obj: JsonObject, kind: str) -> Health:
    if (waiting := having(obj, "Waiting", "True")) is not None:
        return suspended(message(waiting))
    if (promoting := having(obj, "In-progress", "True")) is not None:
        return progressing(message(promoting))
    for condition, word in (("Ready", "ready"), ("Synced", "synced")):
        if having(obj, condition, "True") is not None:
            return healthy(f"3scale {kind} is {word}")
    unready = having(obj, "Ready", "False")
    if kind in FAILS_BY_READY and unready is not None and message(unready):
        return degraded(message(unready))
    return progressing(f"Waiting for 3scale {kind} status...")


def manager(obj: JsonObject) -> Health:
    """Not available while deployments still start is no failure; not available for a reason is."""
    starting = any(at(obj, "status", "deployments", word) for word in ("starting", "stopped"))
    for item in listed(obj):
        if item.get("type") != "Available":
            continue
        if item.get("status") == "True":
            return healthy("3scale APIManager is available")
        if item.get("reason") and not starting:
            return degraded(f"3scale APIManager is degraded: {item['reason']}")
    return progressing("Waiting for 3scale APIManager status...")


CHECKS: Table = {**{(API, kind): capability for kind in KINDS}, ("apps.3scale.net", "APIManager"): manager}
