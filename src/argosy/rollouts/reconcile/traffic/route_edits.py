"""Router objects that somebody else edits during an update: reported, corrected, but not fought over.

An edit is detected when the weight is unchanged, the object is not, and another manager wrote it last. It is corrected
`PATIENCE` times; a manager that continues wins for `TRUCE`, and the Rollout says whom it waits for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

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


def heed(turn: Turn, weight: int) -> None:
    """Reports edits among the drafts; withdraws drafts that would only continue a fight."""
    before = turn.rollout.status.canary.weights
    if before is None or before.canary.weight != weight:
        return  # the weight is changing, and so is the object
    known = {one.place: one for one in turn.seen.facts.edits if turn.now < one.since + TRUCE}
    for place, manager in foreign(turn.drafts):
        old = known.get(place)
        edits = Edits(place, old.count + 1, old.since) if old is not None else Edits(place, 1, turn.now)
        what = f"{place[0].kind} {place[1].name}"
        if edits.count <= PATIENCE:
            text = f"{what} was changed by {manager!r} while {weight}% are for the canary: the change is reverted"
            turn.event("RouteEdited", text, "Warning")
        else:
            del turn.drafts.changed[place]
            until = edits.since + TRUCE
            turn.obstacle = f"{manager!r} keeps changing {what}; it is left alone until {until:%H:%M:%SZ}"
            turn.wake(until)
            if edits.count > PATIENCE + 1:
                continue  # counted and reported already
            turn.event("RouteEdited", f"{manager!r} keeps changing {what}: it is left alone for now", "Warning")
        known[place] = edits
    turn.edits = tuple(known.values())


def foreign(drafts: Drafts) -> Iterator[tuple[Place, str]]:
    """Drafts that still overwrite what somebody else wrote last."""
    for place, wanted in tuple(drafts.changed.items()):
        seen = drafts.seen.get(place)
        if seen is None or wanted is None or place in drafts.flushed or wanted == seen:
            continue
        if (manager := last_manager(seen)) not in ("", MANAGER):
            yield place, manager


def last_manager(obj: JsonObject) -> str:
    entries = [one for one in obj["metadata"].get("managedFields") or () if not one.get("subresource")]
    latest: JsonObject = max(entries, key=lambda one: str(one.get("time") or ""), default={})
    return str(latest.get("manager") or "")
