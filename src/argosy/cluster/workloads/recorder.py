"""Events as client-side recorders write them: repetitions counted, floods combined, and a token bucket (kinds sheet 3).

What is remembered for folding is only a shortcut: after a restart the same happening starts a new Event.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argosy.cluster.workloads.decision import MANAGER, Happening, Write, merge, stamp
from argosy.cluster.workloads.resources import RESOURCES
from argosy.machinery.objects import JsonObject

SIMILAR_LIMIT, SIMILAR_SPAN = 10, timedelta(seconds=600)
BURST, REFILL_SECONDS = 25, 300
REMEMBERED = 4096
COMBINED = "(combined from similar events): "
_BY = {"default-scheduler": "kube-scheduler", "kubelet": "kubelet"}


@dataclass(slots=True)
class _Similar:
    messages: set[str] = field(default_factory=set)
    last: datetime | None = None


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: datetime


class Recorder:
    def __init__(self) -> None:
        self._stored: OrderedDict[tuple[str, ...], JsonObject] = OrderedDict()
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._sequence = 0

    def write_for(self, happening: Happening, now: datetime) -> tuple[Write, tuple[str, ...]] | None:
        """The request that records it, and the key for `stored`; None when its source says too much."""
        if not self._allowed(happening, now):
            return None
        message = self._message(happening, now)
        key = (*_likeness(happening), COMBINED if message.startswith(COMBINED) else message)
        known = self._stored.get(key)
        if known is not None:
            count = (known.get("count") or 1) + 1
            patch = {"count": count, "lastTimestamp": stamp(now), "message": message}
            return merge(known, patch, by=_writer(happening)), key
        return self._fresh(happening, message, now), key

    def stored(self, key: tuple[str, ...], event: JsonObject | None) -> None:
        """The answer to the write; None when the Event is gone and must be made anew."""
        if event is None:
            self._stored.pop(key, None)
        else:
            _remember(self._stored, key, event)

    def _allowed(self, happening: Happening, now: datetime) -> bool:
        key = (happening.component, str(happening.about["metadata"].get("uid")))
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = _Bucket(BURST, now)
            _remember(self._buckets, key, bucket)
        passed = (now - bucket.at).total_seconds()
        bucket.tokens, bucket.at = min(BURST, bucket.tokens + passed / REFILL_SECONDS), now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _message(self, happening: Happening, now: datetime) -> str:
        likeness = _likeness(happening)
        similar = self._similar.get(likeness)
        if similar is None or (similar.last is not None and now - similar.last > SIMILAR_SPAN):
            similar = _Similar()
            _remember(self._similar, likeness, similar)
        similar.last = now
        similar.messages.add(happening.message)
        if len(similar.messages) >= SIMILAR_LIMIT:
            return COMBINED + happening.message
        return happening.message

    def _fresh(self, happening: Happening, message: str, now: datetime) -> Write:
        about = happening.about
        metadata = about["metadata"]
        self._sequence += 1
        nanos = int(now.timestamp()) * 10**9 + now.microsecond * 1000 + self._sequence % 1000
        name, namespace = f"{metadata['name']}.{nanos:x}", metadata.get("namespace") or "default"
        source = {"component": happening.component}
        if happening.host:
            source["host"] = happening.host
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": _reference(happening),
            "reason": happening.reason,
            "message": message,
            "source": source,
            "type": "Warning" if happening.warning else "Normal",
            "count": 1,
            "firstTimestamp": stamp(now),
            "lastTimestamp": stamp(now),
            "reportingComponent": happening.component,
            "reportingInstance": happening.host,
        }
        events = RESOURCES["events"]
        return Write(verb="create", resource=events, namespace=namespace, body=body, by=_writer(happening))


def _writer(happening: Happening) -> str:
    return _BY.get(happening.component, MANAGER)


def _likeness(happening: Happening) -> tuple[str, ...]:
    kind = "Warning" if happening.warning else "Normal"
    uid = str(happening.about["metadata"].get("uid"))
    return (happening.component, happening.host, uid, happening.field_path, kind, happening.reason)


def _reference(happening: Happening) -> JsonObject:
    about, metadata = happening.about, happening.about["metadata"]
    reference = {
        "kind": about["kind"],
        "apiVersion": about["apiVersion"],
        "name": metadata["name"],
        "uid": metadata.get("uid"),
        "resourceVersion": metadata.get("resourceVersion"),
    }
    if metadata.get("namespace"):
        reference["namespace"] = metadata["namespace"]
    if happening.field_path:
        reference["fieldPath"] = happening.field_path
    return {name: value for name, value in reference.items() if value}


def _remember(memory: OrderedDict, key: object, value: object) -> None:  # type: ignore[type-arg]  # three kinds of it
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > REMEMBERED:
        memory.popitem(last=False)
