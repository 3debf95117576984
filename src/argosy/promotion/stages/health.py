"""The health of a Stage: the checks that its last Promotion defined, over Applications; the worst decides.

Source: spec/kargo-steps.md 9.4, spec/kargo.md 5.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import ApplicationStatus, OperationState
from argosy.apis.kargo.promotion import HealthCheck
from argosy.machinery.controller import Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write, merge
from argosy.promotion.applications import DISABLED, broken, is_stale, is_syncing
from argosy.promotion.kinds import APPLICATIONS

REFRESH: Final = "argocd.argoproj.io/refresh"
SEVERITY: Final = {
    name: n for n, name in enumerate(("Healthy", "NotApplicable", "Progressing", "Unknown", "Unhealthy"))
}
SOURCE_FIELDS: Final = ("repoURL", "targetRevision", "chart", "helm", "kustomize")
PROMOTING: Final = "Cannot assess health because a Promotion is currently in progress"


def assessed(
    snapshot: Snapshot, checks: Sequence[HealthCheck], *, sees_applications: bool = True
) -> tuple[JsonObject, tuple[Write, ...]]:
    """`status.health`, and refreshes to request."""
    state, issues, outputs, writes = "Healthy", list[str](), list[JsonObject](), list[Write]()
    for check in checks:
        if check.uses != "argocd-update":
            state = worst(state, "Unknown")
            issues.append(f'no health checker registered for "{check.uses}"')
            continue
        if not sees_applications:
            state = worst(state, "Unknown")
            issues.append(f"{DISABLED}; cannot assess the health or sync status of Argo CD Applications")
            continue
        statuses = []
        for wanted in (check.config or {}).get("apps") or ():
            application = snapshot.get(Application, Key(wanted["namespace"], wanted["name"]))
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


def of_application(application: Application | None, wanted: Mapping[str, Any]) -> tuple[str, str]:
    """(state, issue)"""
    what = f'Argo CD Application "{wanted["name"]}" in namespace "{wanted["namespace"]}"'
    if application is None:
        return "Unknown", f"unable to find {what}"
    if found := broken(application):
        return "Unhealthy", f"{what} has: {'; '.join(found)}"
    if is_stale(application):
        message = "was not reconciled after its most recent operation completed; Application health status not trusted"
        return "Unknown", f"{what} {message}"
    if is_syncing(application):
        return "Unknown", f"{what} is being synced"
    if issue := _wrong_revision(application, wanted, what):
        return "Unhealthy", issue
    health = application.status.health.status
    if health in ("Progressing", "Suspended", ""):
        return "Progressing", f"{what} is {health.lower() or 'progressing'}"
    if health == "Healthy":
        return "Healthy", ""
    return "Unhealthy", f"{what} has health state {health!r}".replace("'", '"')


def _wrong_revision(application: Application, wanted: Mapping[str, Any], what: str) -> str:
    observed = application.status.sync.all_revisions
    for number, revision in enumerate(wanted.get("desiredRevisions") or ()):
        if not revision:
            continue
        found = observed[number] if number < len(observed) else ""
        if found != revision:
            return f'Source {number} of {what} has revision "{found}" but "{revision}" is wanted'
    return ""


def _refreshes(application: Application | None) -> list[Write]:
    if application is None or not is_stale(application):
        return []
    if REFRESH in application.metadata.annotations:
        return []
    return [merge(APPLICATIONS, application.raw, {"metadata": {"annotations": {REFRESH: "normal"}}})]


def shown(application: Application | None, wanted: Mapping[str, Any]) -> JsonObject:
    """The entry for an Application in `status.health.output`."""
    status = application.status if application else ApplicationStatus()
    sync = _kept(status.sync.raw, "status", "revision", "revisions")
    health = _kept(status.health.raw, "status", "message")
    found: JsonObject = {"Name": wanted["name"], "Namespace": wanted["namespace"], "health": health, "sync": sync}
    if status.operation_state.raw:
        found["operationState"] = _operation(status.operation_state)
    return found


def _operation(state: OperationState) -> JsonObject:
    kept = _kept(state.raw, "finishedAt", "message", "operation", "phase")
    if (result := state.sync_result).raw:
        source = _kept(result.source.raw if result.source else {}, *SOURCE_FIELDS)
        kept["syncResult"] = {**_kept(result.raw, "revision", "revisions"), "source": source}
    return kept


def _kept(document: JsonObject, *names: str) -> JsonObject:
    """As upstream writes it, without empty fields."""
    return {name: document[name] for name in names if document.get(name)}
