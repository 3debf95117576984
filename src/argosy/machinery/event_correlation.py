"""Decides what happens to an event: written, counted onto an earlier one, aggregated with similar ones, or dropped.

The rules are those of client-go's recorder (spec/embedded-kubernetes-kinds.md section 3). Time is passed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, Literal, TypeVar
from zlib import crc32

from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.timestamps import seconds

SIMILAR_LIMIT = 10
SIMILAR_SECONDS = 600.0
BURST = 25.0
REFILL_SECONDS = 300.0
REMEMBERED = 4096
COMBINED = "(combined from similar events): "
MESSAGE_LIMIT = 1024
"""Characters; the API server refuses longer ones."""

EventType = Literal["Normal", "Warning"]
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What a controller reports about an object."""

    involved: tuple[str, str, str, str, str]
    """apiVersion, kind, namespace, name, uid."""
    type: EventType
    reason: str
    message: str
    component: str
    annotations: tuple[tuple[str, str], ...] = ()
    host: str = ""
    field_path: str = ""
    resource_version: str = ""
    """The object's resourceVersion when it was read."""

    @property
    def likeness(self) -> object:
        """All but the message."""
        source = (self.component, self.host)
        return (source, self.involved, self.field_path, self.type, self.reason, self.annotations)


@dataclass(frozen=True, slots=True)
class Written:
    """The one event object that represents all events counted onto it."""

    name: str
    first_at: float
    count: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to write: a new event, or a higher count on the event of this name."""

    happened: Happened
    event: Written
    is_new: bool
    key: int

    @property
    def place(self) -> Key:
        """Events of cluster-scoped objects are stored in `default`."""
        return Key(self.happened.involved[2] or "default", self.event.name)


class Correlator:
    """Remembers the last few thousand events by hashes of their content; losing this memory is harmless.

    Two with the same 64-bit hash would be counted as one, which does not happen in practice.
    """

    def __init__(self) -> None:
        self._buckets: _Recent[tuple[float, float]] = _Recent()
        self._similar: _Recent[tuple[float, tuple[int, ...]]] = _Recent()
        self._written: _Recent[Written] = _Recent()
        self._last_nanos = 0

    def judge(self, happened: Happened, now: float) -> Verdict | None:
        """`now`: seconds since 1970. None: the object's rate limit is exceeded."""
        if len(happened.message) > MESSAGE_LIMIT:
            happened = replace(happened, message=_shortened(happened.message))
        group = hash(happened.likeness)
        messages = self._messages(group, happened.message, now)
        key = hash((group, happened.message))
        if len(messages) >= SIMILAR_LIMIT:
            key, happened = group, replace(happened, message=_shortened(COMBINED + happened.message))
        if not self._pay(hash((happened.component, happened.involved)), now):
            return None
        known = self._written.get(key)
        event = replace(known, count=known.count + 1) if known else Written(self._name(happened, now), now, 1)
        self._written.put(key, event)
        return Verdict(happened, event, known is None, key)

    def forget(self, verdict: Verdict) -> None:
        """The event was deleted, or refused: the next one like it is created from scratch."""
        self._written.drop(verdict.key)

    def _messages(self, group: int, message: str, now: float) -> tuple[int, ...]:
        """The different messages of one group, as long as they occur within the window."""
        last, messages = self._similar.get(group) or (now, ())
        if now - last > SIMILAR_SECONDS:
            messages = ()
        if len(messages) < SIMILAR_LIMIT and (digest := hash(message)) not in messages:
            messages = (*messages, digest)
        self._similar.put(group, (now, messages))
        return messages

    def _pay(self, place: int, now: float) -> bool:
        tokens, at = self._buckets.get(place) or (BURST, now)
        tokens = min(BURST, tokens + (now - at) / REFILL_SECONDS)
        paid = tokens >= 1.0
        self._buckets.put(place, (tokens - 1.0 if paid else tokens, now))
        return paid

    def _name(self, happened: Happened, now: float) -> str:
        # Unique even when many things happen at one instant, as they do in virtual time, and several components
        # report on one object: each has its own nanoseconds within the microsecond.
        own = crc32(happened.component.encode()) % 1000
        self._last_nanos = max(self._last_nanos + 1000, round(now * 1e6) * 1000 + own)
        return f"{happened.involved[3]}.{self._last_nanos:x}"


class _Recent(Generic[V]):
    """A plain dictionary, in order of the last `put`: an ordered one takes twice the memory."""

    def __init__(self) -> None:
        self._values: dict[int, V] = {}

    def get(self, key: int) -> V | None:
        return self._values.get(key)

    def put(self, key: int, value: V) -> None:
        self._values.pop(key, None)
        self._values[key] = value
        if len(self._values) > REMEMBERED:
            del self._values[next(iter(self._values))]

    def drop(self, key: int) -> None:
        self._values.pop(key, None)


def reference(obj: JsonObject) -> tuple[str, str, str, str, str]:
    key = key_of(obj)
    uid = obj["metadata"].get("uid") or ""
    return (obj.get("apiVersion") or "", obj.get("kind") or "", key.namespace, key.name, uid)


def _shortened(message: str) -> str:
    return message if len(message) <= MESSAGE_LIMIT else message[: MESSAGE_LIMIT - 1] + "…"


def event_object(verdict: Verdict, at: datetime) -> JsonObject:
    happened = verdict.happened
    names = ("apiVersion", "kind", "namespace", "name", "uid", "resourceVersion", "fieldPath")
    known = (*happened.involved, happened.resource_version, happened.field_path)
    source = {"component": happened.component, **({"host": happened.host} if happened.host else {})}
    metadata: JsonObject = {"name": verdict.place.name, "namespace": verdict.place.namespace}
    if happened.annotations:
        metadata["annotations"] = dict(happened.annotations)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata,
        "involvedObject": {name: value for name, value in zip(names, known, strict=True) if value},
        "reason": happened.reason,
        "message": happened.message,
        "type": happened.type,
        "source": source,
        "reportingComponent": happened.component,
        "reportingInstance": happened.host,
        "firstTimestamp": seconds(datetime.fromtimestamp(verdict.event.first_at, UTC)),
        "lastTimestamp": seconds(at),
        "count": verdict.event.count,
    }


def repeated(verdict: Verdict, at: datetime) -> JsonObject:
    """The patch of an event that occurred again."""
    return {"count": verdict.event.count, "lastTimestamp": seconds(at), "message": verdict.happened.message}
