"""Writes Kubernetes Events about objects, without ever blocking or failing the controller that records them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from datetime import datetime

from argosy.machinery.event_correlation import (
    Correlator,
    EventType,
    Happened,
    Verdict,
    event_object,
    reference,
    repeated,
)
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Write, create
from argosy.machinery.status import StatusError
from argosy.machinery.text.plain_text import plain
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.loop_share import LoopShare

EVENTS = Resource("", "v1", "events", "Event")
WAITING_LIMIT = 10_000
"""Some megabytes: events recorded in bursts are written in the background, one after another."""
TURN_SECONDS = 0.002
"""Of an event loop turn: the controllers' own work comes first."""

log = logging.getLogger(__name__)


class EventRecorder:
    """`record` never waits; `run` writes until cancelled. Best effort: what does not fit or fails is dropped."""

    def __init__(self, client: Client, clock: Clock, component: str, news: asyncio.Event | None = None) -> None:
        """`news` is set when there is something to write: for a caller that serves several recorders."""
        self.dropped_count = 0
        self._client = client
        self._clock = clock
        self._component = component
        self._correlator = Correlator()
        self._waiting: deque[tuple[Happened, datetime]] = deque()
        self._wake = news or asyncio.Event()
        self._share = LoopShare(clock, TURN_SECONDS)

    def record(
        self,
        obj: JsonObject,
        reason: str,
        message: str,
        *,
        event_type: EventType = "Normal",
        annotations: Mapping[str, str] | None = None,
        host: str = "",
        field_path: str = "",
    ) -> None:
        """`message` must be fit for everyone who may read events: no secret values. Terminal control characters become
        visible."""
        if len(self._waiting) >= WAITING_LIMIT:
            self.dropped_count += 1
            return
        happened = Happened(
            involved=reference(obj),
            type=event_type,
            reason=reason,
            message=plain(message),
            component=self._component,
            annotations=tuple(sorted((annotations or {}).items())),
            host=host,
            field_path=field_path,
            resource_version=obj["metadata"].get("resourceVersion") or "",
        )
        self._waiting.append((happened, self._clock.now()))
        self._wake.set()

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        """Writes what is waiting."""
        while self._waiting:
            await self._share.wait()
            if not self._waiting:
                return  # somebody else has written them meanwhile
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

    async def _write(self, verdict: Verdict, at: datetime) -> None:
        if not verdict.is_new:
            try:
                await self._client.write(
                    Write(verb="patch", resource=EVENTS, key=verdict.place, body=repeated(verdict, at))
                )
                return
            except StatusError as error:
                if not error.is_not_found:
                    raise
        await self._client.write(create(EVENTS, event_object(verdict, at)))
