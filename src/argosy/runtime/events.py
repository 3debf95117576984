"""Writes Kubernetes Events about objects, without ever holding up or failing the controller that tells them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Write, create
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.correlation import Correlator, EventType, Happened, Verdict, reference

EVENTS = Resource("", "v1", "events", "Event")
WAITING_LIMIT = 1000

log = logging.getLogger(__name__)


class EventRecorder:
    """`record` never waits; `run` writes until cancelled. Best effort: what does not fit or fails is dropped."""

    def __init__(self, client: Client, clock: Clock, component: str) -> None:
        self.dropped_count = 0
        self._client = client
        self._clock = clock
        self._component = component
        self._correlator = Correlator()
        self._waiting: deque[tuple[Happened, datetime]] = deque()
        self._news = asyncio.Event()

    def record(
        self,
        obj: JsonObject,
        reason: str,
        message: str,
        *,
        event_type: EventType = "Normal",
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """`message` must be fit for everyone who may read events: no secret values."""
        if len(self._waiting) >= WAITING_LIMIT:
            self.dropped_count += 1
            return
        happened = Happened(
            involved=reference(obj),
            type=event_type,
            reason=reason,
            message=message,
            component=self._component,
            annotations=tuple(sorted((annotations or {}).items())),
        )
        self._waiting.append((happened, self._clock.now()))
        self._news.set()

    async def run(self) -> None:
        while True:
            await self._news.wait()
            await self.flush()

    async def flush(self) -> None:
        """Writes what waits."""
        while self._waiting:
            happened, at = self._waiting.popleft()
            verdict = self._correlator.judge(happened, at.timestamp())
            if verdict is None:
                self.dropped_count += 1
                continue
            try:
                await self._write(verdict, at)
            except Exception as error:
                self.dropped_count += 1
                log.debug("event %s was not written: %s", happened.reason, type(error).__name__)
        self._news.clear()

    async def _write(self, verdict: Verdict, at: datetime) -> None:
        if not verdict.is_new:
            patch = {"count": verdict.event.count, "lastTimestamp": _time(at), "message": verdict.happened.message}
            name, namespace = verdict.event.name, _namespace(verdict.happened)
            try:
                await self._client.write(Write(verb="patch", resource=EVENTS, key=Key(namespace, name), body=patch))
                return
            except StatusError as error:
                if not error.is_not_found:
                    raise
        await self._client.write(create(EVENTS, event_object(verdict, at)))


def event_object(verdict: Verdict, at: datetime) -> JsonObject:
    happened = verdict.happened
    names = ("apiVersion", "kind", "namespace", "name", "uid")
    involved = {name: value for name, value in zip(names, happened.involved, strict=True) if value}
    metadata: JsonObject = {"name": verdict.event.name, "namespace": _namespace(happened)}
    if happened.annotations:
        metadata["annotations"] = dict(happened.annotations)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": metadata,
        "involvedObject": involved,
        "reason": happened.reason,
        "message": happened.message,
        "type": happened.type,
        "source": {"component": happened.component},
        "reportingComponent": happened.component,
        "reportingInstance": "",
        "firstTimestamp": _time(datetime.fromtimestamp(verdict.event.first_at, UTC)),
        "lastTimestamp": _time(at),
        "count": verdict.event.count,
    }


def _namespace(happened: Happened) -> str:
    """Events of cluster-scoped objects live in `default`."""
    return happened.involved[2] or "default"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
