"""Pod (spec 9.2)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, conditions, degraded, healthy, progressing
from argosy.gitops.keys import annotations_of
from argosy.gitops.sync.hooks import is_hook
from argosy.machinery.objects import JsonObject

IGNORE_POLICY = "argocd.argoproj.io/ignore-restart-policy"


def pod(obj: JsonObject) -> Health:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    runs_on = spec.get("restartPolicy") == "Always"
    runs_on = runs_on or (annotations_of(obj).get(IGNORE_POLICY) == "true" and not is_hook(obj))
    if runs_on and (troubles := _waiting_errors(status)):
        return degraded(", ".join(troubles))
    match status.get("phase"):
        case "Pending":
            return progressing(status.get("message") or "")
        case "Succeeded":
            return healthy(status.get("message") or "")
        case "Failed":
            return degraded(status.get("message") or _failure(status))
        case "Running":
            return _running(obj, status, runs_on)
    return Health("Unknown", status.get("message") or "")


def _waiting_errors(status: JsonObject) -> list[str]:
    found = []
    for container in status.get("containerStatuses") or ():
        waiting = (container.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason") or ""
        if reason.startswith("Err") or reason.endswith(("Error", "BackOff")):
            found.append(waiting.get("message") or "")
    return found


def _failure(status: JsonObject) -> str:
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        ended = (container.get("state") or {}).get("terminated")
        if ended is None:
            continue
        if ended.get("message"):
            return str(ended["message"])
        if ended.get("reason") == "OOMKilled":
            return "OOMKilled"
        if ended.get("exitCode"):
            return f'container "{container.get("name")}" failed with exit code {ended["exitCode"]}'
    return ""


def _running(obj: JsonObject, status: JsonObject, runs_on: bool) -> Health:
    if not runs_on:
        return progressing(status.get("message") or "")
    if conditions(obj).get("Ready", {}).get("status") == "True":
        return healthy(status.get("message") or "")
    crashed = any((item.get("lastState") or {}).get("terminated") for item in status.get("containerStatuses") or ())
    return Health("Degraded" if crashed else "Progressing", status.get("message") or "")
