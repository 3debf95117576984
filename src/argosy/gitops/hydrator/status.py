"""Merge patches of `status.sourceHydrator`. Pure."""

from __future__ import annotations

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.application import HydrateOperation, HydratorStatus
from argosy.apis.schema import read
from argosy.gitops.hydrator.groups import hydrator_of
from argosy.gitops.keys import HYDRATE, HYDRATE_TIMESTAMP, REFRESH, annotations_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch


def status_of(app: JsonObject) -> HydratorStatus:
    return read(Application, app).status.source_hydrator or HydratorStatus()


def operation_of(app: JsonObject) -> HydrateOperation:
    """The current operation, or the last one; empty before the first."""
    return status_of(app).current_operation or read(HydrateOperation, {})


def begun(app: JsonObject, now: str) -> JsonObject | None:
    """None if the application is marked already: its operation continues."""
    if operation_of(app).phase == "Hydrating":
        return None
    current = {"startedAt": now, "phase": "Hydrating", "message": "", "sourceHydrator": hydrator_of(app).raw}
    return _patch(app, {"currentOperation": current})


def compared(app: JsonObject, dry: str) -> JsonObject | None:
    """None if that revision is written already."""
    if not dry or status_of(app).last_compared_dry_revision == dry:
        return None
    return _patch(app, {"lastComparedDryRevision": dry})


def failed(app: JsonObject, text: str, dry: str, now: str) -> JsonObject:
    current = {**_current(app), "phase": "Failed", "finishedAt": now, "message": f"Failed to hydrate: {text}"}
    after: JsonObject = {"currentOperation": {**current, "drySHA": dry} if dry else current}
    return _patch(app, after | ({"lastComparedDryRevision": dry} if dry else {}))


def hydrated(app: JsonObject, dry: str, commit: str, now: str) -> JsonObject:
    """With a request to refresh the hydrated branch."""
    shas = {"drySHA": dry, "hydratedSHA": commit}
    current = {**_current(app), **shas, "phase": "Hydrated", "finishedAt": now, "message": ""}
    last = {**shas, "sourceHydrator": current["sourceHydrator"]}
    after = {"currentOperation": current, "lastSuccessfulOperation": last, "lastComparedDryRevision": dry}
    asks = {} if annotations_of(app).get(REFRESH) else {"metadata": {"annotations": {REFRESH: "normal"}}}
    return {**_patch(app, after), **asks}


def answered(app: JsonObject, asked: JsonObject) -> dict[str, None]:
    """The annotations to remove: none if a new request was made since `asked` was read."""
    now, then = annotations_of(app), annotations_of(asked)
    names = (HYDRATE, HYDRATE_TIMESTAMP)
    if HYDRATE not in now or any(now.get(name) != then.get(name) for name in names):
        return {}
    return {name: None for name in names if name in now}


def without_requests(app: JsonObject, asked: JsonObject, patch: JsonObject | None) -> JsonObject | None:
    """The patch with those annotations removed; None if there is nothing to write."""
    removed = answered(app, asked)
    if not removed:
        return patch
    made = patch or {}
    given = (made.get("metadata") or {}).get("annotations") or {}
    return {**made, "metadata": {"annotations": {**given, **removed}}}


def _current(app: JsonObject) -> JsonObject:
    current = operation_of(app).raw
    kept = ("startedAt", "sourceHydrator")
    return {"sourceHydrator": hydrator_of(app).raw, **{name: current[name] for name in kept if name in current}}


def _patch(app: JsonObject, after: JsonObject) -> JsonObject:
    before = status_of(app).raw
    return {"status": {"sourceHydrator": create_merge_patch(before, {**before, **after})}}
