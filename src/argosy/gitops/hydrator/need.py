"""Whether an application needs hydration: the first rule that holds (spec 16).

`standing` holds the rules that need no look at the dry repository; where it has none, `by_revision` decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from argosy.gitops.hydrator.groups import hydrator_of, part
from argosy.gitops.hydrator.status import status_of
from argosy.gitops.keys import HYDRATE, annotations_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import parse

COOLDOWN: Final = timedelta(minutes=2)
"""After a failure, before it is tried again unasked."""


@dataclass(frozen=True, slots=True)
class Need:
    is_needed: bool
    why: str
    wake_at: datetime | None = None
    """When the answer changes by itself."""

    in_progress: bool = False


def requested(app: JsonObject) -> Literal["", "normal", "hard"]:
    """By annotation; what is not `hard` is `normal`."""
    wanted = annotations_of(app).get(HYDRATE)
    return "" if wanted is None else "hard" if wanted == "hard" else "normal"


def standing(app: JsonObject, now: datetime, timeout: timedelta, *, resumes: bool = False) -> Need | None:
    """`timeout`: after which an operation under way is taken up again. `resumes`: it was ours and did not end."""
    status = status_of(app)
    current = part(status, "currentOperation")
    if not current:
        return Need(True, "no previous hydrate operation")
    if current.get("phase") == "Hydrating":
        began = current.get("startedAt")
        due = parse(began) + timeout if began else now
        if resumes or now >= due:
            return Need(True, "hydration operation did not end")
        return Need(False, "hydration operation already in progress", due, in_progress=True)
    if requested(app) == "hard":
        return Need(True, "hard hydrate requested")
    if hydrator_of(app) != (current.get("sourceHydrator") or {}):
        return Need(True, "spec.sourceHydrator differs")
    if current.get("phase") == "Failed":
        if requested(app):
            return Need(True, "retrying previous failed hydration")
        ended = current.get("finishedAt")
        due = parse(ended) + COOLDOWN if ended else now
        if now >= due:
            return Need(True, "previous hydrate operation failed more than 2 minutes ago")
        if not status.get("lastComparedDryRevision"):
            return Need(False, "previous hydrate operation failed", due)
    return None


def by_revision(app: JsonObject, dry: str, *, is_relevant: bool) -> Need:
    """`dry`: the dry commit now, "" when it is not known. `is_relevant`: some path of the application changed."""
    status = status_of(app)
    current = part(status, "currentOperation")
    wake_at = None
    if current.get("phase") == "Failed" and (ended := current.get("finishedAt")):
        wake_at = parse(ended) + COOLDOWN
    compared = status.get("lastComparedDryRevision")
    if not compared:
        return Need(True, "new revision may have changes")
    if not dry:
        return Need(False, "cannot determine if hydration is needed", wake_at)
    if dry != compared and is_relevant:
        return Need(True, "new revision may have changes")
    return Need(False, "hydration not needed", wake_at)


def is_known(app: JsonObject, dry: str) -> bool:
    """Whether this dry commit was hydrated with the spec as it is now, and nobody asks for it anew."""
    last = part(status_of(app), "lastSuccessfulOperation")
    same = last.get("drySHA") == dry and (last.get("sourceHydrator") or {}) == hydrator_of(app)
    return same and requested(app) != "hard"
