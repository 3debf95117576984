"""Whether an application is compared again, and at which level (spec 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from argosy.apis.argoproj.application import ComparedTo, IgnoreDifference
from argosy.apis.schema import read
from argosy.gitops.keys import REFRESH, annotations_of
from argosy.gitops.model.application_spec import source_fields, spec_of, status_of
from argosy.machinery.objects import JsonObject


class Level(IntEnum):
    NOTHING = 0
    RECENT = 1
    """Against the revision that was resolved last."""
    LATEST = 2
    FORCED = 3


@dataclass(frozen=True, slots=True)
class Refresh:
    level: Level
    hard: bool = False
    requested: bool = False
    """By the annotation, which must be removed."""
    why: str = ""


def decide(app: JsonObject, *, requested: Level, overdue: bool) -> Refresh:
    """The first matching rule. `requested` by an event; `overdue`: the next poll is due."""
    wanted = annotations_of(app).get(REFRESH)
    if wanted is not None:
        return Refresh(Level.FORCED, hard=wanted == "hard", requested=True, why="requested")
    spec, compared = spec_of(app), status_of(app).sync.compared_to or read(ComparedTo, {})
    before = {name: compared.raw[name] for name in ("source", "sources") if compared.raw.get(name)}
    if before != source_fields(spec):
        return Refresh(Level.FORCED, why="spec.source differs")
    if overdue:
        return Refresh(Level.LATEST, why="its time has come")
    if compared.destination.raw != spec.destination.raw:
        return Refresh(Level.LATEST, why="spec.destination differs")
    if _plain(compared.ignore_differences) != _plain(spec.ignore_differences):
        return Refresh(Level.LATEST, why="spec.ignoreDifferences differs")
    return Refresh(requested, why="requested by an event")


def _plain(rules: Sequence[IgnoreDifference]) -> list[JsonObject]:
    return [one.raw for one in rules]
