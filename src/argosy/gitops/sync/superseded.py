"""Whether a sync that gets no further gives way to a newer revision (no upstream rule; what its users ask for). Pure.

Only automated syncs do. One that failed and waits to be tried again does at once; one that waits for an object to get
healthy does when the newer revision changes or drops that very object, since waiting for the old one is in vain.
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
"""Annotation of the Application; "false": a sync that began is never given up for a newer revision."""
SUPERSEDED = "superseded by revision"
PATIENCE = timedelta(seconds=60)
"""A sync that just began is left alone, so that commits in quick succession do not starve it."""


def may_give_way(app: JsonObject, state: JsonObject, now: datetime) -> bool:
    found = read(OperationState, state)
    if annotations_of(app).get(PREEMPT) == "false" or found.phase != "Running":
        return False
    if not found.operation.initiated_by.automated:
        return False
    return operation.awaits_retry(state) or now >= parse(found.started_at) + PATIENCE


def told_since(app: JsonObject, state: JsonObject) -> tuple[str, ...]:
    """The revisions that a comparison has told since the sync began with others; () when there are none."""
    found = read(OperationState, state)
    began = _revisions(found.sync_result) or _revisions(found.asked)
    told = _revisions(read(Application, app).status.sync)
    return told if _revisions(found.asked) and told != began else ()


def _revisions(said: SyncOperation | SyncResult | SyncStatus) -> tuple[str, ...]:
    found = said.revisions or (said.revision,)
    return found if all(found) else ()


def waited_for(state: JsonObject) -> set[ResourceKey]:
    """The objects, not the hooks, that the sync waits for; a running hook is not cut off."""
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
    """`newer`, `older`: digests of the targets of both revisions. What changes nothing is no reason to begin anew."""
    if operation.awaits_retry(state):
        return newer != older
    return any(newer.get(key) != older.get(key) for key in waited)


def message(revisions: Collection[str], before: str) -> str:
    return f"{SUPERSEDED} {','.join(revisions)}" + (f": {before}" if before else "")


def is_superseded(state: JsonObject) -> bool:
    """Ended so: its revision was given up, not found wanting, and may be synced again should it come back."""
    found = read(OperationState, state)
    return found.phase == "Failed" and found.message.startswith(f"{SUPERSEDED} ")
