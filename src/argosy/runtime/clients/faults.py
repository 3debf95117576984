"""A client that injects faults of networks, servers and processes; reproducible for the same seed.

    client = FaultyClient(client, clock, rng, FaultPlan(conflict=0.05, timeout_after_commit=0.02))

Each fault can happen with a real API server or network. Controllers must reach the same final state all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

from argosy.machinery.api import ListPage, WatchEvent
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.requests import Get, List, Watch, Write
from argosy.machinery.status import StatusError
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from argosy.runtime.clock import Clock


class ProcessKilled(BaseException):
    """The process crashes here. Only the test that planned it may catch this, so it is not an Exception."""


class Death:
    """A process crash at its n-th write, right before or right after it. All ports of the process check here."""

    def __init__(self, at: int = 0, *, before: bool = False) -> None:
        """`at`: counted from 1 over all ports; 0 means that it lives until `kill`."""
        self.writes_count = 0
        self.happened = False
        self._at = at
        self._before = before

    def check(self) -> None:
        """A crashed process does nothing more. Raises ProcessKilled."""
        if self.happened:
            raise ProcessKilled

    def begin_write(self) -> None:
        self.check()
        self.writes_count += 1
        if self._before and self.writes_count == self._at:
            self.kill()
            raise ProcessKilled

    def end_write(self) -> None:
        if not self._before and self.writes_count >= self._at > 0:
            self.kill()
        self.check()

    def kill(self) -> None:
        self.happened = True

    def spare(self) -> None:
        """Cancels the planned crash: it lives on, however many writes it makes."""
        self._at = 0


class Door:
    """Wraps any port of a process that crashes: `writes` are the methods that change something."""

    def __init__(
        self,
        inner: Any,
        death: Death,
        writes: Collection[str],
        counts: Callable[..., bool] = lambda *arguments: True,
    ) -> None:
        """`counts`: whether a write with these arguments may be the last; the others are done all the same."""
        self._inner, self._death, self._writes, self._counts = inner, death, writes, counts

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._writes:
            return found

        async def write(*arguments: Any, **more: Any) -> Any:
            self._death.check()
            if not self._counts(*arguments):
                return await found(*arguments, **more)
            self._death.begin_write()
            answer = await found(*arguments, **more)
            self._death.end_write()
            return answer

        return write


Fault = Literal["conflict", "unavailable", "timeout_before_commit", "timeout_after_commit"]
"""For a write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Probabilities from 0 to 1 for each call, unless stated otherwise."""

    conflict: float = 0.0
    """A write is refused with 409, as if another client had been faster."""
    unavailable: float = 0.0
    """A call is refused with 503 before anything happened."""
    timeout_before_commit: float = 0.0
    """A write is lost in transit: ConnectionResetError, nothing happened."""
    timeout_after_commit: float = 0.0
    """A write happens and its response is lost: TimeoutError."""
    stale_read: float = 0.0
    """A get returns the state before the newest one that this client has seen."""
    dropped_watch: float = 0.0
    """For each event: the connection breaks before it."""
    expired_watch: float = 0.0
    """For each event: the server has expired the revision, 410."""
    late_event: float = 0.0
    """For each event: it, and those after it, arrive up to `lateness` seconds later."""
    doubled_event: float = 0.0
    """For each event: it arrives twice."""
    lateness: float = 5.0
    delay: float = 0.0
    """Longest delay of a call in seconds; it also lets other tasks run in between."""
    at_write: int = 0
    """The n-th write, and no other, gets `fault`, whatever the probabilities are; 0 means none."""
    fault: Fault = "conflict"


class FaultyClient(WrappingClient):
    """`happened` counts the injected faults."""

    def __init__(self, inner: Client, clock: Clock, rng: Rng, plan: FaultPlan, death: Death | None = None) -> None:
        super().__init__(inner)
        self.plan = plan
        self.death = death or Death()
        self.happened: Counter[str] = Counter()
        self._clock = clock
        self.rng = rng.fork("faults")
        self._states: dict[tuple[Resource, Key], tuple[JsonObject, JsonObject]] = {}

    async def get(self, request: Get) -> JsonObject:
        await self._before()
        obj = await super().get(request)
        if request.subresource:
            return obj
        before, newest = self._note(request.resource, obj)
        return before if self.strikes("stale_read") else newest

    async def page(self, request: List) -> ListPage:
        await self._before()
        return await super().page(request)

    async def follow(self, request: Watch) -> AsyncIterator[WatchEvent]:
        await self._before()
        events = super().follow(request)
        try:
            async for event in events:
                if self.strikes("dropped_watch"):
                    raise ConnectionResetError("the connection broke (planned)")
                if self.strikes("expired_watch"):
                    raise StatusError(410, "Expired", "too old resource version (planned)")
                if self.strikes("late_event"):
                    await self._clock.sleep(round(self.rng.uniform(0.0, self.plan.lateness), 3))
                self.death.check()
                yield event
                if self.strikes("doubled_event"):
                    yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def write(self, request: Write) -> JsonObject:
        await self._before()
        self.death.begin_write()
        chosen = self.plan.fault if self.death.writes_count == self.plan.at_write else ""
        if chosen == "unavailable":
            self._refuse()
        if self.strikes("timeout_before_commit", chosen):
            raise ConnectionResetError(f"{request}: lost on its way (planned)")
        if request.verb != "create" and self.strikes("conflict", chosen):
            raise StatusError(409, "Conflict", f"{request}: the object has been modified (planned)")
        answer = await super().write(request)
        self.death.end_write()
        if self.strikes("timeout_after_commit", chosen):
            raise TimeoutError(f"{request}: no answer in time (planned)")
        return answer

    async def _before(self) -> None:
        self.death.check()
        if self.plan.delay:
            await self._clock.sleep(round(self.rng.uniform(0.0, self.plan.delay), 3))
            self.death.check()
        if self.strikes("unavailable"):
            self._refuse()

    def _refuse(self) -> NoReturn:
        raise StatusError(503, "ServiceUnavailable", "the server is away (planned)", retry_after=1)

    def strikes(self, fault: str, chosen: str = "") -> bool:
        """`chosen`: the fault that this write certainly gets."""
        chance: float = getattr(self.plan, fault)
        if fault != chosen and (chance <= 0 or self.rng.uniform(0.0, 1.0) >= chance):
            return False
        self.happened[fault] += 1
        return True

    def _note(self, resource: Resource, obj: JsonObject) -> tuple[JsonObject, JsonObject]:
        """The previous state and the newest one."""
        place = (resource, key_of(obj))
        known = self._states.get(place)
        newest = known[1] if known is not None else obj
        if newest["metadata"].get("resourceVersion") != obj["metadata"].get("resourceVersion"):
            known = (newest, obj)
        self._states[place] = known or (obj, obj)
        return self._states[place]
