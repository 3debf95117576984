"""Removes old Promotions and Freight, once an hour for each project (spec/kargo.md 10).

Kept are the newest twenty of each Stage and Warehouse, whatever is younger than two weeks, whatever is under way, and
Freight that a Stage holds. Equal moments are told apart by name, so that the order is the same each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.machinery import timestamps
from argosy.machinery.controller import Controller, Decision, Snapshot
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write, delete
from argosy.promotion.freight.references import freight_names
from argosy.promotion.kinds import FREIGHT, PROJECTS, PROMOTIONS, STAGES, WAREHOUSES
from argosy.promotion.settings import Settings
from argosy.promotion.stages.order import is_terminal

EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Seen:
    promotions: Sequence[JsonObject]
    freight: Sequence[JsonObject]
    held: frozenset[str]
    due: datetime | None
    stages: frozenset[str] = frozenset()
    warehouses: frozenset[str] = frozenset()


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
        project = snapshot.object(PROJECTS, key)
        if project is None or project["metadata"].get("deletionTimestamp"):
            return None
        due = snapshot.memory
        if not isinstance(due, datetime):
            return Seen((), (), frozenset(), None)
        if isinstance(due, _Now):
            stages = snapshot.objects(STAGES, key.name)
            held = frozenset(name for stage in stages for name in _held(stage))
            return Seen(
                snapshot.objects(PROMOTIONS, key.name),
                snapshot.objects(FREIGHT, key.name),
                held,
                due,
                frozenset(stage["metadata"]["name"] for stage in stages),
                frozenset(one["metadata"]["name"] for one in snapshot.objects(WAREHOUSES, key.name)),
            )
        return Seen((), (), frozenset(), due)

    def decide(self, seen: Seen, now: datetime) -> Decision:
        """The first look waits; at the time the next one sees everything; the one after waits again."""
        if seen.due is None:
            return Decision(wake_at=now + EVERY, memory=now + EVERY)
        if isinstance(seen.due, _Now):
            writes = collected(seen, self._settings, now)
            again = now + (timedelta(seconds=1) if len(writes) >= AT_ONCE else EVERY)
            return Decision(writes, wake_at=again, memory=again)
        if now < seen.due:
            return Decision(wake_at=seen.due)
        return Decision(wake_at=now + timedelta(milliseconds=1), memory=_Now.of(now))


class _Now(datetime):
    """It is time, at the next look."""

    @classmethod
    def of(cls, moment: datetime) -> _Now:
        return cls.fromtimestamp(moment.timestamp(), moment.tzinfo)


def collected(seen: Seen, settings: Settings, now: datetime) -> tuple[Write, ...]:
    """What goes, in order; a hundred at a time."""
    found: list[Write] = []
    for stage in sorted({one["spec"]["stage"] for one in seen.promotions}):
        own = [one for one in seen.promotions if one["spec"]["stage"] == stage]
        found += [delete(PROMOTIONS, one, exact=False) for one in _old_promotions(own, settings, now)]
    origins = {str((one.get("origin") or {}).get("name")) for one in seen.freight}
    for origin in sorted(origins):
        own = [one for one in seen.freight if str((one.get("origin") or {}).get("name")) == origin]
        found += [delete(FREIGHT, one, exact=False) for one in _old_freight(own, seen.held, settings, now)]
    return tuple(found[:AT_ONCE])


def _newest_first(objects: Sequence[JsonObject]) -> list[JsonObject]:
    return sorted(
        objects, key=lambda one: (one["metadata"]["creationTimestamp"], one["metadata"]["name"]), reverse=True
    )


def _old_promotions(own: Sequence[JsonObject], settings: Settings, now: datetime) -> list[JsonObject]:
    """Beyond the kept number, counted from the oldest one that is under way."""
    ordered = _newest_first(own)
    start = max((number + 1 for number, one in enumerate(ordered) if not is_terminal(one)), default=0)
    beyond = ordered[start + settings.retained_promotions :]
    return [one for one in beyond if _is_older(one, settings.min_promotion_age, now)]


def _old_freight(
    own: Sequence[JsonObject], held: frozenset[str], settings: Settings, now: datetime
) -> list[JsonObject]:
    """Beyond the kept number, counted from the oldest piece that a Stage holds."""
    ordered = _newest_first(own)
    start = max((number + 1 for number, one in enumerate(ordered) if one["metadata"]["name"] in held), default=0)
    beyond = ordered[start + settings.retained_freight :]
    return [one for one in beyond if _is_older(one, settings.min_freight_age, now)]


def _is_older(one: JsonObject, age: timedelta, now: datetime) -> bool:
    return now - timestamps.parse(one["metadata"]["creationTimestamp"]) >= age


def _held(stage: JsonObject) -> list[str]:
    history: Any = (stage.get("status") or {}).get("freightHistory") or ()
    return freight_names(history[0]) if history else []
