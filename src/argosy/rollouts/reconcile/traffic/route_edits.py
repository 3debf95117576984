"""Router objects that somebody else edits or deletes during an update: reported, corrected, but not fought over.

An edit is detected when the weight is unchanged, the object is not, and another manager wrote it last; a deletion when
an object with an unchanged weight is missing. Both are corrected `PATIENCE` times; who continues wins for `TRUCE`, and
the Rollout says what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.rollouts.reconcile.turn import Turn
from argosy.rollouts.routers.port import Drafts

MANAGER: Final = "rollouts-controller"
PATIENCE: Final = 3
TRUCE: Final = timedelta(minutes=10)
Place = tuple[Resource, Key]


@dataclass(frozen=True, slots=True)
class Edits:
    """Edits of one object, since a time."""

    place: Place
    count: int
    since: datetime


class Foreign(NamedTuple):
    """A draft that only undoes what somebody else did; `manager` is empty for a deletion, whose author is unknown."""

    place: Place
    manager: str

    def once(self, weight: int) -> str:
        what, since = _name(self.place), f"while {weight}% are for the canary"
        if not self.manager:
            return f"{what} is missing {since}: it is created again"
        return f"{what} was changed by {self.manager!r} {since}: the change is reverted"

    def again(self) -> str:
        what = _name(self.place)
        return f"{self.manager!r} keeps changing {what}" if self.manager else f"somebody keeps deleting {what}"


def heed(turn: Turn, weight: int) -> None:
    """Reports edits among the drafts; withdraws drafts that would only continue a fight."""
    before = turn.rollout.status.canary.weights
    if before is None or before.canary.weight != weight:
        return  # the weight is changing, and so is the object
    known = {one.place: one for one in turn.seen.facts.edits if turn.now < one.since + TRUCE}
    for edit in foreign(turn.drafts):
        old = known.get(edit.place, Edits(edit.place, 0, turn.now))
        known[edit.place] = edits = replace(old, count=min(old.count, PATIENCE + 1) + 1)
        if edits.count <= PATIENCE:
            turn.event("RouteEdited", edit.once(weight), "Warning")
        else:
            _leave_alone(turn, edit, edits)
    turn.edits = tuple(known.values())


def _leave_alone(turn: Turn, edit: Foreign, edits: Edits) -> None:
    del turn.drafts.changed[edit.place]
    until = edits.since + TRUCE
    turn.obstacle = f"{edit.again()}; it is left alone until {until:%H:%M:%SZ}"
    turn.wake(until)
    if edits.count == PATIENCE + 1:
        turn.event("RouteEdited", f"{edit.again()}: it is left alone for now", "Warning")


def foreign(drafts: Drafts) -> Iterator[Foreign]:
    """Drafts that still overwrite what somebody else wrote last, or create what should be there already."""
    for place, wanted in tuple(drafts.changed.items()):
        seen = drafts.seen.get(place)
        if wanted is None or place in drafts.flushed or wanted == seen:
            continue
        if seen is None:
            yield Foreign(place, "")
        elif (manager := last_manager(seen)) not in ("", MANAGER):
            yield Foreign(place, manager)


def _name(place: Place) -> str:
    return f"{place[0].kind} {place[1].name}"


def last_manager(obj: JsonObject) -> str:
    entries = [one for one in obj["metadata"].get("managedFields") or () if not one.get("subresource")]
    latest: JsonObject = max(entries, key=lambda one: str(one.get("time") or ""), default={})
    return str(latest.get("manager") or "")
