"""The usage of one object for a ResourceQuota, and which objects a quota applies to (spec 14). Pure."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import NANO, nano_units, of

Place = tuple[str, str]
"""(group, plural), as objects are stored."""
PODS, SERVICES, CLAIMS = ("", "pods"), ("", "services"), ("", "persistentvolumeclaims")
_COUNTED = frozenset({"configmaps", "secrets", "replicationcontrollers", "resourcequotas"})
_BARE = ("cpu", "memory", "ephemeral-storage")
"""Compute resources whose plain name means the request."""
_OF_CLASS = ".storageclass.storage.k8s.io/"


def place_of(name: str) -> Place | None:
    """Where the objects that a quota name counts are stored; None for a name that is not counted."""
    if name.startswith("count/"):
        plural, _, group = name[6:].partition(".")
        return group, plural
    if name in ("services", "services.loadbalancers", "services.nodeports"):
        return SERVICES
    if name in ("persistentvolumeclaims", "requests.storage") or _OF_CLASS in name:
        return CLAIMS
    if name in _COUNTED:
        return "", name
    compute = name in _BARE or name.startswith(("requests.", "limits.", "hugepages-"))
    return PODS if compute or name == "pods" else None


def usage_of(place: Place, obj: JsonObject) -> dict[str, int]:
    """Nano-units by quota name, without `count/…`."""
    if place == PODS:
        return _of_pod(obj)
    if place == SERVICES:
        return _of_service(obj)
    if place == CLAIMS:
        return _of_claim(obj)
    return {place[1]: NANO} if not place[0] and place[1] in _COUNTED else {}


def _of_pod(pod: JsonObject) -> dict[str, int]:
    """Nothing once the Pod has terminated."""
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return {}
    taken = {"pods": NANO}
    for name, amount in amounts_of(pod, "requests").items():
        taken[f"requests.{name}"] = amount
        if name in _BARE or name.startswith("hugepages-"):
            taken[name] = amount
    return taken | {f"limits.{name}": amount for name, amount in amounts_of(pod, "limits").items()}


def amounts_of(pod: JsonObject, field: str) -> dict[str, int]:
    """Nano-units by resource: the containers' sum, or the largest init container. `field`: requests or limits."""
    total: dict[str, int] = {}
    for container in pod["spec"].get("containers") or ():
        for name, value in ((container.get("resources") or {}).get(field) or {}).items():
            total[name] = total.get(name, 0) + nano_units(of(value))
    for container in pod["spec"].get("initContainers") or ():
        for name, value in ((container.get("resources") or {}).get(field) or {}).items():
            total[name] = max(total.get(name, 0), nano_units(of(value)))
    return total


def _of_service(service: JsonObject) -> dict[str, int]:
    spec, taken = service.get("spec") or {}, {"services": NANO}
    if spec.get("type") == "LoadBalancer":
        taken["services.loadbalancers"] = NANO
    if spec.get("type") in ("NodePort", "LoadBalancer") and spec.get("allocateLoadBalancerNodePorts") is not False:
        taken["services.nodeports"] = NANO * len(spec.get("ports") or ())
    return taken


def _of_claim(claim: JsonObject) -> dict[str, int]:
    spec = claim.get("spec") or {}
    size = nano_units(of(((spec.get("resources") or {}).get("requests") or {}).get("storage") or "0"))
    taken = {"persistentvolumeclaims": NANO, "requests.storage": size}
    if spec.get("storageClassName"):
        own = f"{spec['storageClassName']}{_OF_CLASS}"
        taken |= {f"{own}persistentvolumeclaims": NANO, f"{own}requests.storage": size}
    return taken


def unsaid(hard: JsonObject, pod: JsonObject) -> list[str]:
    """The values that containers must set because the quota limits them: `requests.cpu for: a,b`, sorted."""
    found = []
    for name in sorted(hard):
        field, _, resource = name.partition(".") if "." in name else ("requests", "", name)
        if place_of(name) != PODS or resource not in _BARE:
            continue
        every = [*(pod["spec"].get("initContainers") or ()), *(pod["spec"].get("containers") or ())]
        silent = [item["name"] for item in every if resource not in ((item.get("resources") or {}).get(field) or {})]
        if silent:
            found.append(f"{name} for: {','.join(sorted(silent))}")
    return found


def is_about(spec: JsonObject, place: Place, obj: JsonObject) -> bool:
    """Whether the quota's scopes select the object; a quota with scopes applies only to Pods."""
    scopes = list(spec.get("scopes") or ())
    expressions = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    if not scopes and not expressions:
        return True
    if place != PODS:
        return False
    asked = [{"scopeName": scope, "operator": "Exists"} for scope in scopes]
    return all(_holds(item, obj) for item in [*asked, *expressions])


def _holds(expression: JsonObject, pod: JsonObject) -> bool:
    spec, scope = pod["spec"], expression["scopeName"]
    if scope == "PriorityClass":
        name, values = spec.get("priorityClassName") or "", expression.get("values") or ()
        held = {"In": name in values, "NotIn": name not in values, "Exists": bool(name), "DoesNotExist": not name}
        return held.get(expression.get("operator", ""), False)
    best_effort = (pod.get("status") or {}).get("qosClass") == "BestEffort"
    bounded = spec.get("activeDeadlineSeconds") is not None
    held = {"BestEffort": best_effort, "Terminating": bounded}
    return not held[scope[3:]] if scope in ("NotBestEffort", "NotTerminating") else held.get(scope, False)
