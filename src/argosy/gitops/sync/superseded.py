"""Whether a stuck sync is superseded by a newer revision (not in upstream; its users ask for it). Pure.

Only automated syncs are. One that failed and waits for a retry is at once; one that waits for an object to get healthy
is if the newer revision changes or drops that very object, since waiting for the old one is useless.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from argosy.apis.argoproj.application import Application, OperationState, SyncOperation, SyncResult, SyncStatus
from argosy.apis.schema import read
from argosy.gitops.keys import ResourceKey, annotations_of
from argosy.gitops.sync import operation_state as operation
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

PREEMPT = "argosy.dev/preempt"
"""Annotation of the Application; "false": a started sync is never stopped for a newer revision."""
SUPERSEDED = "superseded by revision"
PATIENCE = timedelta(seconds=60)
"""A sync that just started is left alone, so that commits in quick succession do not starve it."""


def may_give_way(app: JsonObject, state: JsonObject, now: datetime) -> bool:
    found = read(OperationState, state)
    if annotations_of(app).get(PREEMPT) == "false" or found.phase != "Running":
        return False
    if not found.operation.initiated_by.automated:
        return False
    return operation.awaits_retry(state) or now >= parse(found.started_at) + PATIENCE


def found_since(app: JsonObject, state: JsonObject) -> tuple[str, ...]:
    """The revisions found by a comparison since the sync started with others; () if there are none."""
    found = read(OperationState, state)
    began = _revisions(found.sync_result) or _revisions(found.asked)
    shown = _revisions(read(Application, app).status.sync)
    return shown if _revisions(found.asked) and shown != began else ()


def _revisions(named: SyncOperation | SyncResult | SyncStatus) -> tuple[str, ...]:
    found = named.revisions or (named.revision,)
    return found if all(found) else ()


def waited_for(state: JsonObject) -> set[ResourceKey]:
    """The objects, not the hooks, that the sync waits for; a running hook is not interrupted."""
    items = read(OperationState, state).sync_result.resources
    running = [item for item in items if item.hook_phase == "Running"]
    if any(item.hook_type for item in running):
        return set()
    return {ResourceKey(item.group, item.kind, item.namespace, item.name) for item in running}


def gives_way(
    state: JsonObject,
    newer: Mapping[ResourceKey, str],
    older: Mapping[ResourceKey, str],
    waited: Collection[ResourceKey],
) -> bool:
    """`newer`, `older`: digests of the targets of both revisions. Without changes there is no reason to restart."""
    if operation.awaits_retry(state):
        return newer != older
    # The row of a cluster-scoped object has the destination's namespace.
    keys = {key for row in waited for key in (row, row._replace(namespace=""))}
    return any(newer.get(key) != older.get(key) for key in keys)


def message(revisions: Collection[str], before: str) -> str:
    return f"{SUPERSEDED} {','.join(revisions)}" + (f": {before}" if before else "")


def is_superseded(state: JsonObject) -> bool:
    """Finished this way: its revision was given up, did not fail, and may be synced again if it comes back."""
    found = read(OperationState, state)
    return found.phase == "Failed" and found.message.startswith(f"{SUPERSEDED} ")
