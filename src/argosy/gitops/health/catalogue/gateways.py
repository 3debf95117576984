"""Ingress: Gateway API, Gloo, Contour, OpenShift routers and routes, Istio, Airlock (spec 17 g)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from argosy.gitops.health.catalogue.rules import (
    On,
    Table,
    at,
    by_condition,
    having,
    kind_of,
    listed,
    message,
    text,
)
from argosy.gitops.health.verdict import Check, Health, degraded, healthy, progressing, suspended
from argosy.machinery.objects import JsonObject

GATEWAY_API = "gateway.networking.k8s.io"
REFUSING = ("ResolvedRefs", "Accepted")
GLOO_STATES = {"0": "Pending", "1": "Accepted", "2": "Rejected", "3": "Warning"}
ISTIO = (
    ("ERROR", "4", "Degraded", "Component is in an error state."),
    ("ACTION_REQUIRED", "5", "Degraded", "Component needs action by its user."),
    ("UPDATING", "1", "Progressing", "Component is being updated to a different version."),
    (
        "RECONCILING",
        "2",
        "Progressing",
        "Controller has started but not yet completed reconciliation loop for the component.",
    ),
    ("HEALTHY", "3", "Healthy", "Component is healthy."),
    ("NONE", "0", "Progressing", "Component is not present."),
)


def _current(obj: JsonObject, found: Iterable[JsonObject]) -> list[JsonObject]:
    """Conditions of this generation, or without a generation."""
    generation = at(obj, "metadata", "generation")
    return [item for item in found if generation is None or item.get("observedGeneration") in (None, generation)]


def _message(condition: JsonObject) -> str:
    return message(condition) or f"Failed condition: {text(condition, 'type')}"


def _judged(reported: list[tuple[str, JsonObject]]) -> Health | None:
    """Refused or unresolved outweighs not yet programmed, in any order; None if healthy."""
    for prefix, item in reported:
        if item.get("type") in REFUSING and item.get("status") == "False":
            return degraded(prefix + _message(item))
    for prefix, item in reported:
        unsettled = item.get("type") in REFUSING and item.get("status") == "Unknown"
        if unsettled or (item.get("type") == "Programmed" and item.get("status") != "True"):
            return progressing(prefix + _message(item))
    return None


def route(obj: JsonObject) -> Health:
    """Every parent that has answered for this generation; the others do not count."""
    reported = [
        (f"Parent {text(parent, 'parentRef', 'name')}: ", item)
        for parent in listed(obj, "status", "parents")
        for item in _current(obj, listed(parent, "conditions"))
    ]
    if not reported:
        return progressing(f"Waiting for {kind_of(obj)} status")
    return _judged(reported) or healthy(f"{kind_of(obj)} is healthy")


def backend_policy(obj: JsonObject) -> Health:
    """Every ancestor must have answered for this generation."""
    kind, reported = kind_of(obj), []
    for ancestor in listed(obj, "status", "ancestors"):
        found, name = listed(ancestor, "conditions"), text(ancestor, "ancestorRef", "name")
        if len(_current(obj, found)) < len(found):
            return progressing(f"Waiting for Ancestor {name} to update {kind} status")
        reported += [(f"Ancestor {name}: ", item) for item in found]
    if not reported:
        return progressing(f"Waiting for {kind} status")
    return _judged(reported) or healthy(f"{kind} is healthy")


def gateway(obj: JsonObject) -> Health:
    own = [("", item) for item in _current(obj, listed(obj))]
    if not own:
        return progressing("Waiting for Gateway status")
    listeners = [
        ("Listener: ", item)
        for listener in listed(obj, "status", "listeners")
        for item in _current(obj, listed(listener, "conditions"))
    ]
    return _judged(own + listeners) or healthy("Gateway is healthy")


def gateway_class(obj: JsonObject) -> Health:
    for item in _current(obj, listed(obj)):
        if item.get("type") == "Accepted":
            health = {"True": "Healthy", "False": "Degraded"}.get(text(item, "status"), "Progressing")
            return Health(health, message(item))
    return progressing("Waiting for GatewayClass status")


def _gloo_reports(status: JsonObject) -> Iterator[tuple[str, str]]:
    """State and reason, of each namespace's controller or of the only one; states are words or their numbers."""
    reports = list((at(status, "statuses") or {}).values()) or [status]
    for report in reports:
        state = text(report, "state")
        yield GLOO_STATES.get(state, state), text(report, "reason")


def gloo(obj: JsonObject) -> Health:
    reports = list(_gloo_reports(obj.get("status") or {}))
    for wanted in ("Rejected", "Warning"):
        for state, reason in reports:
            if state == wanted:
                return degraded(reason)
    found = {state for state, _ in reports}
    if "Pending" in found:
        return suspended("The resource has not yet been validated")
    return healthy("The resource has been validated") if "Accepted" in found else progressing("Update in progress")


def contour(obj: JsonObject) -> Health:
    """A proxy that includes others and these depend on each other: an invalid one says nothing about it."""
    if at(obj, "status", "conditions") is None:
        state, summary = at(obj, "status", "currentStatus"), text(obj, "status", "description")
        return progressing("Waiting for status" if state is None else summary)
    for item in listed(obj):
        if item.get("observedGeneration") != at(obj, "metadata", "generation"):
            continue
        if item.get("type") == "Valid" and item.get("status") == "True":
            return healthy(text(obj, "status", "description"))
        if at(obj, "spec", "includes") is not None and item.get("status") == "False":
            return healthy("HTTPProxy inclusions cannot be health checked")
        if item.get("type") == "Valid" and item.get("status") == "False":
            return degraded(text(obj, "status", "description"))
    return progressing("Waiting for status")


def contour_extension(obj: JsonObject) -> Health:
    for item in _current(obj, listed(obj)):
        if item.get("type") == "Valid" and item.get("status") in ("True", "False"):
            return Health("Healthy" if item["status"] == "True" else "Degraded", message(item))
    return progressing("Waiting for status")


def openshift_route(obj: JsonObject) -> Health:
    """Admitted by every router that has seen it."""
    found = [
        text(item, "status")
        for router in listed(obj, "status", "ingress")
        for item in listed(router, "conditions")
        if item.get("type") == "Admitted"
    ]
    if "False" in found:
        return degraded("Route is degraded")
    return healthy("Route is healthy") if set(found) == {"True"} else progressing("Route is still getting admitted")


def istio_operator(obj: JsonObject) -> Health:
    state = text(obj, "status", "status")
    for word, digit, health, summary in ISTIO:
        if state in (word, digit):
            return Health(health, summary)
    return progressing("Waiting for Istio Control Plane")


def ingress_controller(obj: JsonObject) -> Health:
    if having(obj, "Available") is None and having(obj, "Degraded") is None:
        return progressing("Status of IngressController is not known yet")
    return _ingress_rules(obj)


_ingress_rules: Check = by_condition(
    On("Degraded", "True", "Degraded"),
    On("DeploymentReplicasAllAvailable", "False", "Progressing"),
    On("Progressing", "True", "Progressing"),
    On("Available", "False", "Degraded"),
    On("Available", "True", "Healthy", "IngressController is available"),
    waiting="Status of IngressController is not known yet",
)

CHECKS: Table = {
    (GATEWAY_API, "HTTPRoute"): route,
    (GATEWAY_API, "GRPCRoute"): route,
    (GATEWAY_API, "BackendTLSPolicy"): backend_policy,
    (GATEWAY_API, "Gateway"): gateway,
    (GATEWAY_API, "GatewayClass"): gateway_class,
    **{
        ("gateway.solo.io", kind): gloo
        for kind in (
            "Gateway",
            "MatchableHttpGateway",
            "RouteOption",
            "RouteTable",
            "VirtualHostOption",
            "VirtualService",
        )
    },
    **{("gloo.solo.io", kind): gloo for kind in ("Proxy", "Settings", "Upstream", "UpstreamGroup")},
    ("projectcontour.io", "HTTPProxy"): contour,
    ("projectcontour.io", "ExtensionService"): contour_extension,
    ("route.openshift.io", "Route"): openshift_route,
    ("operator.openshift.io", "IngressController"): ingress_controller,
    ("install.istio.io", "IstioOperator"): istio_operator,
}
