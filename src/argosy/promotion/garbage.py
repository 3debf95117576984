"""Deletes old Promotions and Freight, once an hour for each project (spec/kargo.md 10).

The newest twenty of each Stage and Warehouse are kept, as is everything younger than two weeks, everything in progress,
and Freight that a Stage holds. Equal times are ordered by name, so that the order is always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from argosy.apis.kargo import Freight, Project, Promotion, Stage
from argosy.machinery import timestamps
from argosy.machinery.controller import Controller, Decision, Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.requests import Write, delete
from argosy.promotion.kinds import FREIGHT, PROJECTS, PROMOTIONS
from argosy.promotion.settings import Settings
from argosy.promotion.stages.order import is_terminal

EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 100
SOON: Final = timedelta(seconds=1)
"""After a hundred deletions there may be more to delete."""


@dataclass(frozen=True, slots=True)
class Round:
    """When a project's next run is due; once it is due, all objects must be read."""

    due: datetime
    is_due: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    round: Round | None
    promotions: Sequence[Promotion] = ()
    freight: Sequence[Freight] = ()
    held: frozenset[str] = frozenset()


class Collecting:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def controller(self) -> Controller[Seen]:
        return Controller(
            name="garbage-collector",
            kind=PROJECTS,
            look=self.look,
            decide=self.decide,
            owns=(PROMOTIONS, FREIGHT),
            background=True,
            manager="kargo",
        )

    def look(self, snapshot: Snapshot, key: Key) -> Seen | None:
        project = snapshot.get(Project, key)
        if project is None or project.metadata.deletion_timestamp:
            return None
        due = snapshot.memory
        if not isinstance(due, Round) or not due.is_due:
            return Seen(due if isinstance(due, Round) else None)
        holding = [stage.status.held for stage in snapshot.list(Stage, key.name)]
        held = frozenset(name for one in holding if one for name in one.names)
        return Seen(due, snapshot.list(Promotion, key.name), snapshot.list(Freight, key.name), held)

    def decide(self, seen: Seen, now: datetime) -> Decision:
        """While it waits it reads nothing, so that nothing wakes it; once it is due, it reads everything."""
        if seen.round is None:
            return _next(now + EVERY)
        if seen.round.is_due:
            writes = collected(seen, self._settings, now)
            return _next(now + (SOON if len(writes) >= AT_ONCE else EVERY), writes)
        if now < seen.round.due:
            return Decision(wake_at=seen.round.due)
        return Decision(memory=Round(seen.round.due, is_due=True))


def _next(due: datetime, writes: tuple[Write, ...] = ()) -> Decision:
    return Decision(writes, wake_at=due, memory=Round(due))


def collected(seen: Seen, settings: Settings, now: datetime) -> tuple[Write, ...]:
    """What to delete, in order; a hundred at a time."""
    found: list[Write] = []
    for stage in sorted({one.spec.stage for one in seen.promotions}):
        promotions = [one for one in seen.promotions if one.spec.stage == stage]
        found += [delete(PROMOTIONS, one.raw, exact=False) for one in _old_promotions(promotions, settings, now)]
    for origin in sorted({one.origin.name for one in seen.freight}):
        pieces = [one for one in seen.freight if one.origin.name == origin]
        # Exactly what was read: Freight that was approved or verified since is kept.
        found += [delete(FREIGHT, one.raw) for one in _old_freight(pieces, seen.held, settings, now)]
    return tuple(found[:AT_ONCE])


Aged = TypeVar("Aged", Promotion, Freight)


def _newest_first(objects: Sequence[Aged]) -> list[Aged]:
    return sorted(objects, key=lambda one: (one.metadata.creation_timestamp, one.metadata.name), reverse=True)


def _old_promotions(own: Sequence[Promotion], settings: Settings, now: datetime) -> list[Promotion]:
    """Beyond the kept number, counted from the oldest Promotion in progress."""
    ordered = _newest_first(own)
    start = max((number + 1 for number, one in enumerate(ordered) if not is_terminal(one)), default=0)
    beyond = ordered[start + settings.retained_promotions :]
    return [one for one in beyond if _is_older(one, settings.min_promotion_age, now)]


def _old_freight(own: Sequence[Freight], held: frozenset[str], settings: Settings, now: datetime) -> list[Freight]:
    """Beyond the kept number, counted from the oldest piece that a Stage holds."""
    ordered = _newest_first(own)
    start = max((number + 1 for number, one in enumerate(ordered) if one.metadata.name in held), default=0)
    beyond = ordered[start + settings.retained_freight :]
    return [one for one in beyond if _is_older(one, settings.min_freight_age, now)]


def _is_older(one: Promotion | Freight, age: timedelta, now: datetime) -> bool:
    return now - timestamps.parse(one.metadata.creation_timestamp) >= age
