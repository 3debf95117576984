"""Carries out steps in order, passes the results to the listers, and records Events without waiting for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from argosy.machinery.controller import Apart, Controller, Event, Step
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.engine.listers import Listers
from argosy.runtime.engine.outcome import Refused, Stale, raise_for
from argosy.runtime.events import EventRecorder

WRITE_SECONDS = 60.0
"""After this long without a response a write counts as lost: the next look will see whether it happened."""


class Writer:
    def __init__(self, client: Client, listers: Listers, clock: Clock) -> None:
        self.writes_count = 0
        self._client, self._listers, self._clock = client, listers, clock
        self._recorders: dict[str, EventRecorder] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Writes the Events until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        for recorder in tuple(self._recorders.values()):
            await recorder.flush()

    def recorder(self, component: str) -> EventRecorder:
        """The recorder for events of that source: one for all, since it aggregates repetitions."""
        found = self._recorders.get(component)
        if found is None:
            found = self._recorders[component] = EventRecorder(self._client, self._clock, component, self._wake)
        return found

    async def carry_out(self, controller: Controller[Any], steps: Iterable[Step]) -> bool:
        """Whether anything was written. Raises Stale or Refused at the first step that was not done."""
        wrote = False
        for step in steps:
            if isinstance(step, Event):
                self._record(controller, step)
                if controller.on_event is not None:
                    controller.on_event(step)
                continue
            if isinstance(step, Apart):
                wrote = await self._each(controller, step) or wrote
                continue
            write = step if step.manager else replace(step, manager=controller.manager or controller.name)
            await self._write(write)
            wrote = True
        return wrote

    async def _each(self, controller: Controller[Any], apart: Apart) -> bool:
        """Every chain is tried before the first error counts: a refusal before a stale view."""
        wrote, refused, stale = False, [], None
        for chain in apart.chains:
            try:
                wrote = await self.carry_out(controller, chain) or wrote
            except Refused as error:
                refused.append(error)
            except Stale as error:
                stale = stale or error
        if refused:
            raise refused[0].with_others(refused[1:])
        if stale is not None:
            raise stale
        return wrote

    async def _write(self, write: Write) -> None:
        self.writes_count += 1
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                answer = await self._client.write(write)
        except StatusError as error:
            raise_for(write, error)
            answer = {}
        except (OSError, TimeoutError) as error:
            raise Refused(write, error) from error
        if not write.dry_run:
            self._note(write, answer)

    def _note(self, write: Write, answer: JsonObject) -> None:
        is_object = bool((answer.get("metadata") or {}).get("uid")) and answer.get("kind") != "Status"
        is_gone = write.verb == "delete" and not (is_object and answer["metadata"].get("deletionTimestamp"))
        for lister in self._listers.known(write.resource):
            if is_gone:
                lister.deleted(write.key, write.uid)
            elif is_object and write.subresource in ("", "status"):
                lister.wrote(answer)

    def _record(self, controller: Controller[Any], event: Event) -> None:
        component = event.component or controller.reporter or controller.name
        self.recorder(component).record(
            event.about,
            event.reason,
            event.message,
            event_type=event.type,
            annotations=event.annotations,
            host=event.host,
            field_path=event.field_path,
        )
