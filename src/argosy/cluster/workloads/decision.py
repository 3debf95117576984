"""The decisions of a simulated controller: writes, events, and when to run again.

The types are those of every controller (`machinery.controller`, `machinery.requests`). Decisions are pure functions of
the observed state and the time; `engine.py` carries them out in the same event loop turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from argosy.cluster.workloads.resources import resource_of
from argosy.machinery import controller, requests
from argosy.machinery.api import Propagation
from argosy.machinery.controller import Apart, Event, Step
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError

__all__ = ["Apart", "Event", "Step", "Write"]
MANAGER, SCHEDULER, KUBELET = "kube-controller-manager", "kube-scheduler", "kubelet"


@dataclass(frozen=True, slots=True)
class Decision(controller.Decision):
    """`marks`: (uid, label) of times finer than the seconds that objects store, kept while the process lives.

    Nothing else is remembered here: `memory` is not kept.
    """

    marks: tuple[tuple[str, str], ...] = ()


NOTHING = Decision()


@dataclass(frozen=True, slots=True)
class Failure:
    """The write that was refused last time, for controllers that report it."""

    write: Write
    error: StatusError


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """`look` gathers what `decide` needs; None means that there is nothing to do for the key.

    `routes` say, per plural of a changed object, which keys of this controller it concerns.
    """

    name: str
    look: Callable[[Any, Key], Any]
    decide: Callable[[Any, datetime], Decision]
    routes: Mapping[str, Callable[[Any, JsonObject], Iterable[Key]]]
    background: bool = False
    """Its scheduled runs recur for ever (schedules, polls), so they do not keep a rehearsal alive."""
    report: Callable[[Any, datetime, Failure], Decision] | None = None
    """The writes after a refusal, before the back-off."""


def create(obj: JsonObject, by: str = MANAGER) -> Write:
    """`by` is both user and field manager, in all of these."""
    return requests.create(resource_of(obj), obj, manager=by)


def slow_start(chains: Iterable[tuple[Write | Event, ...]]) -> Iterable[Apart]:
    """Batches of one, then two, then four: if all are refused, few requests are wasted."""
    waiting, size = list(chains), 1
    while waiting:
        yield Apart(tuple(waiting[:size]))
        waiting, size = waiting[size:], size * 2


def update(obj: JsonObject, subresource: str = "", by: str = MANAGER) -> Write:
    """Replaces the object; the resourceVersion in `obj` makes a stale decision a conflict."""
    return requests.update(resource_of(obj), obj, subresource=subresource, manager=by)


def with_status(obj: JsonObject, status: JsonObject, by: str = MANAGER) -> Write:
    """Other fields than status only identify the object: the status endpoint ignores them, so they need not be read."""
    named: JsonObject = {name: obj[name] for name in ("apiVersion", "kind") if name in obj}
    return update({**named, "metadata": dict(obj["metadata"]), "status": status}, "status", by)


def merge(obj: JsonObject, patch: JsonObject, subresource: str = "", by: str = MANAGER) -> Write:
    """A JSON merge patch of exactly this object: its uid is a precondition."""
    return requests.merge(resource_of(obj), obj, patch, subresource=subresource, exact=False, manager=by)


def delete(
    obj: JsonObject, *, policy: Propagation = "Background", grace: int | None = None, by: str = MANAGER
) -> Write:
    made = requests.delete(resource_of(obj), obj, propagation=policy, grace_seconds=grace, exact=False)
    return replace(made, manager=by)


def stamp(now: datetime) -> str:
    """RFC 3339 in whole seconds."""
    return f"{now.isoformat()[:19]}Z"


@lru_cache(maxsize=8192)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


NEVER = datetime.max.replace(tzinfo=UTC)
"""Later than any time that a run reaches; larger seconds are capped to it."""


def later(moment: datetime, seconds: float) -> datetime:
    """Saturates: fields such as activeDeadlineSeconds may have any 64-bit number."""
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return NEVER


def earlier(moment: datetime, seconds: float) -> datetime:
    try:
        return moment - timedelta(seconds=seconds)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def seconds_after(text: str, seconds: float) -> datetime:
    return later(instant(text), seconds)


def earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
