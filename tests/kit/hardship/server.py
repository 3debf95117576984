"""The server as the embedded cluster's own controllers use it, under a plan of faults: they write in the same turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from argosy.cluster.workloads.ports import Commits, Deferred, Held, Server, Settled
from argosy.cluster.workloads.simulation import Settings, Workloads
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.runtime.clients.faults import ProcessKilled
from tests.kit.hardship.process import Process


class FaultyServer:
    """Writes are refused, not stored, stored with an error, or wait for a webhook, as the plan of the process says."""

    def __init__(self, inner: Server, process: Process, died: Callable[[], None]) -> None:
        self._inner, self._process, self._died = inner, process, died

    def hold(self, resource: Resource, obj: JsonObject) -> Held:
        return self._inner.hold(resource, obj)

    def list(self, resource: Resource) -> Iterable[JsonObject]:
        return self._inner.list(resource)

    def subscribe(self, commits: Commits) -> Callable[[], None]:
        return self._inner.subscribe(commits)

    def flaw(self, resource: Resource, obj: JsonObject) -> str:
        return self._inner.flaw(resource, obj)

    def type_warnings(self, policy: JsonObject) -> Sequence[JsonObject]:
        return self._inner.type_warnings(policy)

    def submit(self, write: Write, settled: Settled) -> JsonObject | None:
        faulty, death = self._process.faulty, self._process.death
        self._live(death.begin_write)
        chosen = faulty.plan.fault if death.writes_count == faulty.plan.at_write else ""
        if faulty.strikes("unavailable", chosen) or faulty.strikes("timeout_before_commit", chosen):
            raise StatusError(503, "ServiceUnavailable", "the store is away (planned)", retry_after=1)
        if write.verb != "create" and faulty.strikes("conflict", chosen):
            raise StatusError(409, "Conflict", f"{write}: the object has been modified (planned)")
        if faulty.strikes("late_event"):
            wait = round(faulty.rng.uniform(0.0, faulty.plan.lateness), 3)
            self._process.clock.call_later(wait, lambda: self._later(write, settled))
            raise Deferred
        stored = self._stored(write)
        if faulty.strikes("timeout_after_commit", chosen):
            raise StatusError(504, "Timeout", f"{write}: no answer in time (planned)")
        return stored

    def _stored(self, write: Write) -> JsonObject | None:
        inner = self._inner
        stored = self._process.witness.at_once(write, lambda: inner.submit(write, lambda error: None))
        self._live(self._process.death.end_write)
        return stored

    def _later(self, write: Write, settled: Settled) -> None:
        """What waited for a webhook: its answer may come after the process is gone."""
        if self._process.is_dead:
            return
        try:
            self._stored(write)
        except StatusError as error:
            settled(error)
        else:
            settled(None)

    def _live(self, step: Callable[[], None]) -> None:
        try:
            step()
        except ProcessKilled:
            self._died()
            raise


class SimulatedPart:
    """The embedded workloads as one part of a process that may die."""

    def __init__(self, process: Process, server: Server, settings: Settings) -> None:
        self.workloads = Workloads(FaultyServer(server, process, self._stop), process.clock, (), settings)

    async def run(self) -> None:
        self.workloads.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._stop()

    def _stop(self) -> None:
        self.workloads.stop()
