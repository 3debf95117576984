"""`argocd-wait`: waits until Applications reach the wanted state. It only reads, so it needs no annotation.

Source: spec/kargo-steps.md 9.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.apis.argoproj import Application
from argosy.machinery.controller import Snapshot
from argosy.machinery.requests import Write, merge
from argosy.promotion.applications import broken, is_stale, is_syncing, place, selected
from argosy.promotion.kinds import APPLICATIONS
from argosy.promotion.steps.argocd.app_choice import APP_CHOICE, SELECTOR
from argosy.promotion.steps.kind import Job, Kind, Result, Sort, Status, StepFault, Writes
from argosy.promotion.steps.schema import FILLED, body, each, one_of

TIMEOUT: Final = timedelta(minutes=5)
REFRESH: Final = "argocd.argoproj.io/refresh"
HEALTH_STATES: Final[Mapping[str, frozenset[str]]] = {
    "health": frozenset({"Healthy"}),
    "suspended": frozenset({"Suspended"}),
    "degraded": frozenset({"Degraded"}),
}
DEFAULT: Final = ("health", "sync", "operation")


def run(job: Job, snapshot: Snapshot, now: datetime | None) -> Result | Writes:
    del now
    writes: list[Write] = []
    names, healths, waiting = [], {}, False
    known = (job.output or {}).get("healthStatus") or {}
    for wanted in job.config["apps"]:
        for application in _found(job, snapshot, wanted):
            metadata = application.metadata
            known_as = f"{metadata.namespace}/{metadata.name}"
            names.append({"name": metadata.name, "namespace": metadata.namespace})
            healths[known_as] = application.status.health.status
            conditions = wanted.get("waitFor") or DEFAULT
            if _needs_refresh(application, conditions):
                writes.append(merge(APPLICATIONS, application.raw, {"metadata": {"annotations": {REFRESH: "normal"}}}))
                waiting = True
            elif not _is_as_wanted(application, conditions, known.get(known_as) or ""):
                waiting = True
    output = {"apps": names, "healthStatus": healths}
    result = Result(status=Status.RUNNING if waiting else Status.SUCCEEDED, output=output)
    return Writes(tuple(writes), result) if writes else result


def _found(job: Job, snapshot: Snapshot, wanted: Mapping[str, Any]) -> list[Application]:
    namespace = place(job, wanted, "wait for")
    found = selected(snapshot, wanted, namespace)
    if not found:
        what = f'Argo CD Application "{wanted["name"]}"' if wanted.get("name") else "any Argo CD Application"
        raise StepFault(f'unable to find {what} in namespace "{namespace}"')
    return found


def _needs_refresh(application: Application, conditions: Sequence[str]) -> bool:
    """Its health is older than its last operation, and no refresh is requested yet."""
    if not HEALTH_STATES.keys() & set(conditions) or not is_stale(application):
        return False
    return REFRESH not in application.metadata.annotations


def _is_as_wanted(application: Application, conditions: Sequence[str], last_health: str) -> bool:
    if found := broken(application):
        metadata = application.metadata
        raise StepFault(
            f'Argo CD Application "{metadata.name}" in namespace "{metadata.namespace}" has: {"; ".join(found)}',
            terminal=True,
        )
    if "operation" in conditions and is_syncing(application):
        return False
    health = application.status.health.status
    healths = [HEALTH_STATES[one] for one in conditions if one in HEALTH_STATES]
    if healths:
        if is_stale(application):
            return False
        if not any(health in one for one in healths):
            if health == "Degraded" and "health" in conditions and last_health not in ("", "Degraded"):
                raise StepFault(f'Argo CD Application "{application.metadata.name}" became Degraded', terminal=True)
            return False
    return "sync" not in conditions or application.status.sync.status == "Synced"


KIND = Kind(
    name="argocd-wait",
    sort=Sort.CLUSTER,
    timeout=TIMEOUT,
    schema=body(
        "apps",
        apps=each(
            {
                **body(
                    name=FILLED,
                    namespace=FILLED,
                    selector=SELECTOR,
                    waitFor=each(one_of("health", "sync", "operation", "suspended", "degraded"), 1, unique=True),
                ),
                "oneOf": APP_CHOICE,
            },
            1,
        ),
    ),
    run=run,
)
