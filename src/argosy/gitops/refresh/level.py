"""Whether an application is compared again, and how thoroughly (spec 5.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from argosy.gitops.keys import REFRESH, annotations_of
from argosy.gitops.model.application_spec import normalised, source_fields
from argosy.machinery.objects import JsonObject


class Level(IntEnum):
    NOTHING = 0
    RECENT = 1
    """Against the revision resolved last."""
    LATEST = 2
    FORCED = 3


@dataclass(frozen=True, slots=True)
class Refresh:
    level: Level
    hard: bool = False
    requested: bool = False
    """By the annotation, which is to be removed."""
    why: str = ""


def decide(app: JsonObject, *, requested: Level, overdue: bool) -> Refresh:
    """The first rule that holds. `requested` by an event; `overdue`: the poll's time has come."""
    wanted = annotations_of(app).get(REFRESH)
    if wanted is not None:
        return Refresh(Level.FORCED, hard=wanted == "hard", requested=True, why="requested")
    spec, status = normalised(app.get("spec") or {}), app.get("status") or {}
    compared = (status.get("sync") or {}).get("comparedTo") or {}
    before = {name: compared[name] for name in ("source", "sources") if compared.get(name)}
    if before != source_fields(spec):
        return Refresh(Level.FORCED, why="spec.source differs")
    if overdue:
        return Refresh(Level.LATEST, why="its time has come")
    if (compared.get("destination") or {}) != (spec.get("destination") or {}):
        return Refresh(Level.LATEST, why="spec.destination differs")
    if (compared.get("ignoreDifferences") or []) != (spec.get("ignoreDifferences") or []):
        return Refresh(Level.LATEST, why="spec.ignoreDifferences differs")
    return Refresh(requested, why="requested by an event")
