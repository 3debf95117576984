"""What a simulated controller decides: writes, events, and when to look again.

Decisions are made from what was seen and the time, by pure functions; `engine.py` carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from argosy.cluster.workloads.resources import resource_of
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError

MANAGER, SCHEDULER, KUBELET = "kube-controller-manager", "kube-scheduler", "kubelet"
Verb = Literal["create", "update", "merge", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One request of a controller. `by` is user and field manager in one."""

    verb: Verb
    resource: Resource
    namespace: str
    name: str = ""
    body: JsonObject = field(default_factory=dict)
    subresource: str = ""
    by: str = MANAGER
    batch: int = 0
    """Writes of one batch (above 0) are all tried, though one of them fails; nothing is done after such a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An Event to record about `about`; the recorder folds repetitions (kinds sheet 3)."""

    about: JsonObject
    reason: str
    message: str
    component: str
    warning: bool = False
    field_path: str = ""
    host: str = ""


Step: TypeAlias = Write | Happening


@dataclass(frozen=True, slots=True)
class Decision:
    steps: tuple[Step, ...] = ()
    wake_at: datetime | None = None
    marks: tuple[tuple[str, str], ...] = ()
    """(uid, label): moments finer than the seconds that objects carry, remembered while the process lives."""


NOTHING = Decision()


@dataclass(frozen=True, slots=True)
class Failure:
    """The write that was refused the last time, for controllers that report it."""

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
    """Its planned looks come again for ever (schedules, polls): they do not keep a rehearsal alive."""
    report: Callable[[Any, datetime, Failure], Decision] | None = None
    """What to write after a refusal, before the back-off."""


def create(obj: JsonObject, by: str = MANAGER, *, batch: int = 0) -> Write:
    metadata = obj["metadata"]
    return Write(
        verb="create",
        resource=resource_of(obj),
        namespace=metadata.get("namespace") or "",
        name=metadata.get("name") or "",
        body=obj,
        by=by,
        batch=batch,
    )


def slow_start(index: int) -> int:
    """The batch of the write number `index` from 0: the first holds one, each next one twice as many."""
    return (index + 1).bit_length()


def update(obj: JsonObject, subresource: str = "", by: str = MANAGER) -> Write:
    """Replaces; the resourceVersion in `obj` makes a stale decision a conflict."""
    metadata = obj["metadata"]
    return Write(
        verb="update",
        resource=resource_of(obj),
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        body=obj,
        subresource=subresource,
        by=by,
    )


def with_status(obj: JsonObject, status: JsonObject, by: str = MANAGER) -> Write:
    """Of the rest only what names the object: the status endpoint takes nothing else, and so it need not be read."""
    named: JsonObject = {name: obj[name] for name in ("apiVersion", "kind") if name in obj}
    return update({**named, "metadata": dict(obj["metadata"]), "status": status}, "status", by)


def merge(obj: JsonObject, patch: JsonObject, subresource: str = "", by: str = MANAGER) -> Write:
    """A JSON merge patch of exactly this object: its uid is a precondition."""
    metadata = obj["metadata"]
    body = {**patch, "metadata": {**patch.get("metadata", {}), "uid": metadata["uid"]}}
    return Write(
        verb="merge",
        resource=resource_of(obj),
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        body=body,
        subresource=subresource,
        by=by,
    )


def delete(obj: JsonObject, *, policy: str = "Background", grace: int | None = None, by: str = MANAGER) -> Write:
    metadata = obj["metadata"]
    body: JsonObject = {"preconditions": {"uid": metadata["uid"]}, "propagationPolicy": policy}
    if grace is not None:
        body["gracePeriodSeconds"] = grace
    return Write(
        verb="delete",
        resource=resource_of(obj),
        namespace=metadata.get("namespace") or "",
        name=metadata["name"],
        body=body,
        by=by,
    )


def stamp(now: datetime) -> str:
    """RFC 3339 in whole seconds."""
    return f"{now.isoformat()[:19]}Z"


@lru_cache(maxsize=8192)
def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


NEVER = datetime.max.replace(tzinfo=UTC)
"""Later than every moment that a run reaches; seconds that lead beyond it end there."""


def later(moment: datetime, seconds: float) -> datetime:
    """Saturates: fields such as activeDeadlineSeconds hold any 64-bit number."""
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
