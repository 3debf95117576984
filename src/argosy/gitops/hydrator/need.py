"""Whether an application needs hydration: the first matching rule (spec 16).

`by_status` has the rules that do not need the dry repository; if none matches, `by_revision` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from argosy.gitops.hydrator.groups import hydrator_of
from argosy.gitops.hydrator.status import operation_of, status_of
from argosy.gitops.keys import HYDRATE, annotations_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

COOLDOWN: Final = timedelta(minutes=2)
"""After a failure, before it is retried without a request."""


@dataclass(frozen=True, slots=True)
class Need:
    is_needed: bool
    why: str
    wake_at: datetime | None = None
    """When the answer changes by itself."""

    in_progress: bool = False


def requested(app: JsonObject) -> Literal["", "normal", "hard"]:
    """By annotation; any value but `hard` is `normal`."""
    wanted = annotations_of(app).get(HYDRATE)
    return "" if wanted is None else "hard" if wanted == "hard" else "normal"


def by_status(app: JsonObject, now: datetime, timeout: timedelta, *, resumes: bool = False) -> Need | None:
    """`timeout`: after which a running operation is taken over. `resumes`: it was ours and did not finish."""
    current = operation_of(app)
    if not current.raw:
        return Need(True, "no previous hydrate operation")
    if current.phase == "Hydrating":
        due = parse(current.started_at) + timeout if current.started_at else now
        if resumes or now >= due:
            return Need(True, "hydration operation did not end")
        return Need(False, "hydration operation already in progress", due, in_progress=True)
    if requested(app) == "hard":
        return Need(True, "hard hydrate requested")
    if hydrator_of(app).raw != (current.source_hydrator.raw if current.source_hydrator else {}):
        return Need(True, "spec.sourceHydrator differs")
    if current.phase == "Failed":
        if requested(app):
            return Need(True, "retrying previous failed hydration")
        due = parse(current.finished_at) + COOLDOWN if current.finished_at else now
        if now >= due:
            return Need(True, "previous hydrate operation failed more than 2 minutes ago")
        if not status_of(app).last_compared_dry_revision:
            return Need(False, "previous hydrate operation failed", due)
    return None


def by_revision(app: JsonObject, dry: str, *, is_relevant: bool) -> Need:
    """`dry`: the dry commit now, "" if unknown. `is_relevant`: some path of the application changed."""
    current, wake_at = operation_of(app), None
    if current.phase == "Failed" and current.finished_at:
        wake_at = parse(current.finished_at) + COOLDOWN
    compared = status_of(app).last_compared_dry_revision
    if not compared:
        return Need(True, "new revision may have changes")
    if not dry:
        return Need(False, "cannot determine if hydration is needed", wake_at)
    if dry != compared and is_relevant:
        return Need(True, "new revision may have changes")
    return Need(False, "hydration not needed", wake_at)


def is_known(app: JsonObject, dry: str) -> bool:
    """Whether this dry commit was hydrated with the current spec, and no new hydration is requested."""
    last = status_of(app).last_successful_operation
    if last is None or last.dry_sha != dry:
        return False
    same = (last.source_hydrator.raw if last.source_hydrator else {}) == hydrator_of(app).raw
    return same and requested(app) != "hard"
