"""Kinds whose health depends on one field (spec 9.2)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Check, Health, conditions, healthy, progressing
from argosy.machinery.objects import JsonObject

CLAIM_PHASES = {"Bound": "Healthy", "Pending": "Progressing", "Lost": "Degraded"}
WORKFLOW_PHASES = {
    "": "Progressing",
    "Pending": "Progressing",
    "Running": "Progressing",
    "Succeeded": "Healthy",
    "Failed": "Degraded",
    "Error": "Degraded",
}


def service(obj: JsonObject) -> Health:
    if (obj.get("spec") or {}).get("type") != "LoadBalancer":
        return healthy()
    return ingress(obj)


def ingress(obj: JsonObject) -> Health:
    found = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    return healthy() if found else progressing()


def claim(obj: JsonObject) -> Health:
    return Health(CLAIM_PHASES.get(str((obj.get("status") or {}).get("phase")), "Unknown"))


def api_service(obj: JsonObject) -> Health:
    found = conditions(obj).get("Available")
    if found is None:
        return progressing("Waiting to be processed")
    text = f"{found.get('reason') or ''}: {found.get('message') or ''}"
    return healthy(text) if found.get("status") == "True" else progressing(text)


def workflow(obj: JsonObject) -> Health:
    status = obj.get("status") or {}
    return Health(WORKFLOW_PHASES.get(str(status.get("phase") or ""), "Unknown"), status.get("message") or "")


CHECKS: dict[tuple[str, str], tuple[tuple[str, ...], Check]] = {
    ("", "Service"): (("v1",), service),
    ("networking.k8s.io", "Ingress"): ((), ingress),
    ("extensions", "Ingress"): ((), ingress),
    ("", "PersistentVolumeClaim"): (("v1",), claim),
    ("apiregistration.k8s.io", "APIService"): (("v1", "v1beta1"), api_service),
    ("argoproj.io", "Workflow"): ((), workflow),
}
