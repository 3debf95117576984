"""Services, claims, autoscalers and the API's own kinds."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from argosy.gitops.health.verdict import Health, Status, condition, degraded, healthy, progressing, unknown
from argosy.gitops.keys import annotations_of
from argosy.machinery.objects import JsonObject

_AUTOSCALING_FAILURES = {
    "AbleToScale": ("FailedGetScale", "FailedUpdateScale"),
    "ScalingActive": (
        "FailedGetResourceMetric",
        "FailedGetObjectMetric",
        "FailedGetPodsMetric",
        "FailedGetExternalMetric",
        "FailedComputeMetricsReplicas",
        "InvalidSelector",
    ),
}


def service(obj: JsonObject) -> Health:
    if (obj.get("spec") or {}).get("type") != "LoadBalancer":
        return healthy()
    return _with_address(obj)


def ingress(obj: JsonObject) -> Health:
    return _with_address(obj)


def _with_address(obj: JsonObject) -> Health:
    addresses = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return healthy() if addresses else progressing()


def persistent_volume_claim(obj: JsonObject) -> Health:
    phases = {"Bound": Status.HEALTHY, "Pending": Status.PROGRESSING, "Lost": Status.DEGRADED}
    return Health(phases.get((obj.get("status") or {}).get("phase") or "", Status.UNKNOWN))


def horizontal_pod_autoscaler(obj: JsonObject) -> Health:
    conditions = _autoscaler_conditions(obj)
    if isinstance(conditions, Health):
        return conditions
    for one in conditions:
        if one.get("reason") in _AUTOSCALING_FAILURES.get(str(one.get("type")), ()):
            return degraded(str(one.get("message") or ""))
    for one in conditions:
        if one.get("type") in ("AbleToScale", "ScalingLimited") and one.get("status") == "True":
            return healthy(str(one.get("message") or ""))
    return progressing("Waiting to Autoscale")


def _autoscaler_conditions(obj: JsonObject) -> Sequence[JsonObject] | Health:
    """Version 1 keeps its conditions as JSON in an annotation."""
    if obj.get("apiVersion") != "autoscaling/v1":
        return (obj.get("status") or {}).get("conditions") or ()
    text = annotations_of(obj).get("autoscaling.alpha.kubernetes.io/conditions")
    if not text:
        return ()
    try:
        return list(orjson.loads(text))
    except ValueError as error:
        return unknown(f"failed to convert conditions annotation to typed: {error}")


def api_service(obj: JsonObject) -> Health:
    available = condition(obj, "Available")
    if available is None:
        return progressing("Waiting to be processed")
    message = f"{available.get('reason') or ''}: {available.get('message') or ''}"
    return healthy(message) if available.get("status") == "True" else progressing(message)


def custom_resource_definition(obj: JsonObject) -> Health:
    if (obj.get("metadata") or {}).get("deletionTimestamp"):
        return progressing("CRD is terminating")
    conditions = (obj.get("status") or {}).get("conditions")
    if not conditions:
        return progressing("Status conditions not found")
    by_type = {str(one.get("type")): one for one in conditions}
    if (by_type.get("Terminating") or {}).get("status") == "True":
        return progressing(f"CRD is terminating: {by_type['Terminating'].get('message')}")
    names = by_type.get("NamesAccepted") or {}
    if names.get("status") == "False":
        return degraded(f"CRD names have not been accepted: {names.get('message')}")
    structure = by_type.get("NonStructuralSchema") or {}
    if structure.get("status") == "True":
        return degraded(f"Schema violations found: {structure.get('message')}")
    established = by_type.get("Established") or {}
    if established.get("reason") == "Installing":
        return progressing("CRD is being installed")
    if established.get("status") != "True":
        return degraded("CRD is not established")
    return healthy("CRD is healthy")


def pod_disruption_budget(obj: JsonObject) -> Health:
    conditions = (obj.get("status") or {}).get("conditions")
    if not conditions:
        return progressing("Waiting for status")
    reasons = [str(one.get("reason") or "") for one in conditions]
    for one in conditions:
        if one.get("status") == "False" and one.get("reason") != "InsufficientPods":
            return degraded(f"PodDisruptionBudget has {one.get('reason')}")
    return healthy(f"PodDisruptionBudget has {reasons[0]}")
