"""How healthy a Stage is: the checks that its last Promotion left, over Applications; the worst decides.

Source: spec/kargo-steps.md 9.4, spec/kargo.md 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write, merge
from argosy.promotion.applications import DISABLED, RUNNING, broken, is_stale, operation_state, revisions_of
from argosy.promotion.kinds import APPLICATIONS

REFRESH: Final = "argocd.argoproj.io/refresh"
SEVERITY: Final = {
    name: n for n, name in enumerate(("Healthy", "NotApplicable", "Progressing", "Unknown", "Unhealthy"))
}
PROMOTING: Final = "Cannot assess health because a Promotion is currently in progress"


def assessed(
    snapshot: Snapshot, checks: Sequence[Mapping[str, Any]], *, sees_applications: bool = True
) -> tuple[JsonObject, tuple[Write, ...]]:
    """`status.health`, and refreshes that are to be asked for."""
    state, issues, outputs, writes = "Healthy", list[str](), list[JsonObject](), list[Write]()
    for check in checks:
        if check.get("uses") != "argocd-update":
            state = worst(state, "Unknown")
            issues.append(f'no health checker registered for "{check.get("uses")}"')
            continue
        if not sees_applications:
            state = worst(state, "Unknown")
            issues.append(f"{DISABLED}; cannot assess the health or sync status of Argo CD Applications")
            continue
        statuses = []
        for wanted in (check.get("config") or {}).get("apps") or ():
            application = snapshot.object(APPLICATIONS, Key(wanted["namespace"], wanted["name"]))
            found, issue = of_application(application, wanted)
            state = worst(state, found)
            issues += [issue] if issue else []
            statuses.append(shown(application, wanted))
            writes += _refreshes(application)
        outputs.append({"applicationStatuses": statuses})
    health: JsonObject = {"status": state}
    if issues:
        health["issues"] = issues
    if outputs:
        health["output"] = outputs
    return health, tuple(writes)


def worst(one: str, other: str) -> str:
    return max(one, other, key=lambda name: SEVERITY[name])


def of_application(application: JsonObject | None, wanted: Mapping[str, Any]) -> tuple[str, str]:
    """(state, issue)"""
    what = f'Argo CD Application "{wanted["name"]}" in namespace "{wanted["namespace"]}"'
    if application is None:
        return "Unknown", f"unable to find {what}"
    if found := broken(application):
        return "Unhealthy", f"{what} has: {'; '.join(found)}"
    if is_stale(application):
        message = "was not reconciled after its most recent operation completed; Application health status not trusted"
        return "Unknown", f"{what} {message}"
    state = operation_state(application) or {}
    if application.get("operation") or state.get("phase") in RUNNING:
        return "Unknown", f"{what} is being synced"
    if issue := _wrong_revision(application, wanted, what):
        return "Unhealthy", issue
    health = ((application.get("status") or {}).get("health") or {}).get("status") or ""
    if health in ("Progressing", "Suspended", ""):
        return "Progressing", f"{what} is {health.lower() or 'progressing'}"
    if health == "Healthy":
        return "Healthy", ""
    return "Unhealthy", f"{what} has health state {health!r}".replace("'", '"')


def _wrong_revision(application: JsonObject, wanted: Mapping[str, Any], what: str) -> str:
    observed = revisions_of((application.get("status") or {}).get("sync") or {})
    for number, revision in enumerate(wanted.get("desiredRevisions") or ()):
        if not revision:
            continue
        found = observed[number] if number < len(observed) else ""
        if found != revision:
            return f'Source {number} of {what} has revision "{found}" but "{revision}" is wanted'
    return ""


def _refreshes(application: JsonObject | None) -> list[Write]:
    if application is None or not is_stale(application):
        return []
    if REFRESH in (application["metadata"].get("annotations") or {}):
        return []
    return [merge(APPLICATIONS, application, {"metadata": {"annotations": {REFRESH: "normal"}}})]


def shown(application: JsonObject | None, wanted: Mapping[str, Any]) -> JsonObject:
    """What `status.health.output` tells of an Application."""
    status = (application or {}).get("status") or {}
    sync = {
        name: status["sync"][name]
        for name in ("status", "revision", "revisions")
        if (status.get("sync") or {}).get(name)
    }
    health = {name: status["health"][name] for name in ("status", "message") if (status.get("health") or {}).get(name)}
    found: JsonObject = {"Name": wanted["name"], "Namespace": wanted["namespace"], "health": health, "sync": sync}
    if state := status.get("operationState"):
        found["operationState"] = _operation(state)
    return found


def _operation(state: Mapping[str, Any]) -> JsonObject:
    kept = {name: state[name] for name in ("finishedAt", "message", "operation", "phase") if state.get(name)}
    if result := state.get("syncResult"):
        source = {
            n: result["source"][n]
            for n in ("repoURL", "targetRevision", "chart", "helm", "kustomize")
            if (result.get("source") or {}).get(n)
        }
        kept["syncResult"] = {n: result[n] for n in ("revision", "revisions") if result.get(n)} | {"source": source}
    return kept
