"""The write of an ApplicationSet's status: only differences, and states of Applications not too often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from argosy.apis.argoproj import ApplicationSet
from argosy.apis.schema import read
from argosy.gitops.applicationsets import status
from argosy.gitops.applicationsets.generation import Memory
from argosy.gitops.applicationsets.rolling import rolling_sync
from argosy.gitops.keys import APPLICATION_SETS
from argosy.machinery.objects import JsonObject
from argosy.machinery.patches.mergepatch import create_merge_patch
from argosy.machinery.requests import Write, merge

RESOURCES_PAUSE: Final = 2.0
"""Seconds between two writes that only update the state of Applications: of 1,000 there is always one that changes,
and each write contains all."""
OF_APPLICATIONS: Final = ("resources", "resourcesCount")


@dataclass(frozen=True, slots=True)
class StatusWrite:
    """`again_at`: when remaining changes are written."""

    steps: tuple[Write, ...]
    memory: Memory | None
    again_at: datetime | None = None


def written(
    appset: JsonObject,
    found: Sequence[status.Found],
    applications: Sequence[JsonObject],
    most: int,
    rollout: Sequence[JsonObject] | None,
    memory: Memory | None,
    now: datetime,
) -> StatusWrite:
    """`applications`: the set's. `rollout`: applicationStatus; None keeps a rolling sync as it was."""
    last = read(ApplicationSet, appset).status
    before = last.raw
    marks = status.conditions(last.conditions, found, now, keep_rollout=rollout is None)
    shown, count = status.resources(applications, most)
    after = status.replaced(
        before,
        conditions=marks,
        health=status.health(last.health, marks, now),
        resources=shown,
        resourcesCount=count,
        applicationStatus=before.get("applicationStatus") if rollout is None else list(rollout),
    )
    if after == before:
        return StatusWrite((), memory)
    reported_at = memory.reported_at if memory is not None else None
    due = now if reported_at is None else reported_at + timedelta(seconds=RESOURCES_PAUSE)
    if now < due and _without_applications(after) == _without_applications(before):
        return StatusWrite((), memory, due)
    patch = {"status": create_merge_patch(before, after)}
    remembered = replace(memory, reported_at=now) if memory is not None else None
    return StatusWrite((merge(APPLICATION_SETS, appset, patch, subresource="status"),), remembered)


def only_rollout(appset: JsonObject, advance: rolling_sync.Advance | None) -> tuple[Write, ...]:
    """Only the progress of a rolling sync."""
    if advance is None:
        return ()
    if [item.raw for item in read(ApplicationSet, appset).status.application_status] == advance.statuses:
        return ()
    return (merge(APPLICATION_SETS, appset, {"status": {"applicationStatus": advance.statuses}}, subresource="status"),)


def _without_applications(status: JsonObject) -> JsonObject:
    return {name: value for name, value in status.items() if name not in OF_APPLICATIONS}
