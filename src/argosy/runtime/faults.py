"""A client that goes wrong as networks, servers and processes do; the same way for the same seed.

    client = FaultyClient(client, clock, rng, FaultPlan(conflict=0.05, timeout_after_commit=0.02))

Each fault is one that a real API server or network can give. Controllers must end in the same state all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from argosy.machinery.api import ListPage, WatchEvent
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.requests import Get, List, Watch, Write
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.wrapping import WrappingClient


class ProcessKilled(BaseException):
    """The process dies here. Nothing but the test that planned it may catch this, hence not an Exception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Chances from 0 to 1 for each call, unless said otherwise."""

    conflict: float = 0.0
    """A write is refused with 409, as if another had been quicker."""
    unavailable: float = 0.0
    """A call is refused with 503 before anything happened."""
    timeout_before_commit: float = 0.0
    """A write is lost on its way: ConnectionResetError, nothing happened."""
    timeout_after_commit: float = 0.0
    """A write happens and its answer is lost: TimeoutError."""
    stale_read: float = 0.0
    """A get answers the state before the newest one that this client has seen."""
    dropped_watch: float = 0.0
    """For each event: the connection breaks before it."""
    expired_watch: float = 0.0
    """For each event: the server has forgotten the revision, 410."""
    delay: float = 0.0
    """Longest delay of a call in seconds; also what lets other work come between."""
    kill_before_write: int = 0
    """The process dies before its n-th write from now; 0: it lives."""
    kill_after_write: int = 0
    """The process dies after its n-th write was done and before it learns so."""


class FaultyClient(WrappingClient):
    """`happened` counts what was done to the callers."""

    def __init__(self, inner: Client, clock: Clock, rng: Rng, plan: FaultPlan) -> None:
        super().__init__(inner)
        self.plan = plan
        self.happened: Counter[str] = Counter()
        self.writes_count = 0
        self.killed = False
        self._clock = clock
        self._rng = rng.fork("faults")
        self._states: dict[tuple[Resource, Key], tuple[JsonObject, JsonObject]] = {}

    async def get(self, request: Get) -> JsonObject:
        await self._before()
        obj = await super().get(request)
        if request.subresource:
            return obj
        before, newest = self._note(request.resource, obj)
        return before if self._strikes("stale_read") else newest

    async def page(self, request: List) -> ListPage:
        await self._before()
        return await super().page(request)

    async def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        await self._before()
        events = super().follow(request)
        try:
            async for event in events:
                if self._strikes("dropped_watch"):
                    raise ConnectionResetError("the connection broke (planned)")
                if self._strikes("expired_watch"):
                    raise StatusError(410, "Expired", "too old resource version (planned)")
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def write(self, request: Write) -> JsonObject:
        await self._before()
        self.writes_count += 1
        if self.plan.kill_before_write and self.writes_count >= self.plan.kill_before_write:
            self._kill()
        if self._strikes("timeout_before_commit"):
            raise ConnectionResetError(f"{request}: lost on its way (planned)")
        if request.verb != "create" and self._strikes("conflict"):
            raise StatusError(409, "Conflict", f"{request}: the object has been modified (planned)")
        answer = await super().write(request)
        if self.plan.kill_after_write and self.writes_count >= self.plan.kill_after_write:
            self._kill()
        if self._strikes("timeout_after_commit"):
            raise TimeoutError(f"{request}: no answer in time (planned)")
        return answer

    async def _before(self) -> None:
        if self.killed:
            raise ProcessKilled
        if self.plan.delay:
            await self._clock.sleep(round(self._rng.uniform(0.0, self.plan.delay), 3))
            if self.killed:
                raise ProcessKilled
        if self._strikes("unavailable"):
            raise StatusError(503, "ServiceUnavailable", "the server is away (planned)", retry_after=1)

    def _kill(self) -> None:
        self.killed = True
        self.happened["killed"] += 1
        raise ProcessKilled

    def _strikes(self, fault: str) -> bool:
        chance: float = getattr(self.plan, fault)
        if chance <= 0 or self._rng.uniform(0.0, 1.0) >= chance:
            return False
        self.happened[fault] += 1
        return True

    def _note(self, resource: Resource, obj: JsonObject) -> tuple[JsonObject, JsonObject]:
        """The state before and the newest one."""
        place = (resource, key_of(obj))
        known = self._states.get(place)
        newest = known[1] if known is not None else obj
        if newest["metadata"].get("resourceVersion") != obj["metadata"].get("resourceVersion"):
            known = (newest, obj)
        self._states[place] = known or (obj, obj)
        return self._states[place]
