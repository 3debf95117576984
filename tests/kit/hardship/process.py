"""One process of a room under a plan of faults: what its controllers are given, its death, and its successor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng
from argosy.runtime.clients.access import Access, ClientAccess, fenced
from argosy.runtime.clients.faults import Death, Door, FaultPlan, FaultyClient
from argosy.runtime.clock import Clock
from argosy.runtime.leases import Membership, Timing
from tests.kit.hardship.witness import Witness
from tests.kit.verbs import Verbs, verbs
from tests.kit.world import World

TIMING = Timing(duration=60.0, valid=40.0, renew_every=10.0)
"""Slower than usual: every renewal takes its time."""


class Part(Protocol):
    """What a room starts. Where several replicas share the work, it may have a `replicas_changed`."""

    async def run(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Process:
    """What a room's controllers are given when a process starts: all doors are its own and die with it."""

    number: int
    """Of all that were started, from 1."""
    world: World
    witness: Witness
    faulty: FaultyClient
    client: Verbs
    """For the room: what goes wrong goes wrong here; fenced where replicas share the work."""
    caches: InformerCaches
    rng: Rng
    replicas: Membership | None = None
    part: Part | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def death(self) -> Death:
        return self.faulty.death

    @property
    def access(self) -> Access:
        """For rooms that act as others, too: here as themselves."""
        return ClientAccess(self.client, lambda user: self.client)

    def door(self, inner: Any, *writes: str) -> Any:
        """Another door than the API server's, such as Git's: its `writes` count, and end with the process."""
        return Door(inner, self.death, writes)

    def owns(self, key: Any) -> bool:
        return self.replicas is None or self.replicas.owns(key)

    def start(self, make: Callable[[Process], Part]) -> None:
        async def begin() -> None:
            loop = asyncio.get_running_loop()
            self.part = make(self)
            parts: list[Part] = [self.caches, self.part, *([self.replicas] if self.replicas else [])]
            self.tasks = [loop.create_task(part.run(), name=f"process {self.number}") for part in parts]

        self.world.run(begin())

    @property
    def is_dead(self) -> bool:
        return self.death.happened

    @property
    def has_failed(self) -> BaseException | None:
        """A part that ended though nobody killed it."""
        if self.is_dead:
            return None
        for task in self.tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def kill(self) -> None:
        """Without a chance to put anything in order."""
        self.death.kill()

        async def end() -> None:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

        self.world.run(end())
        self.tasks = []


def make_process(world: World, inner: Witness, plan: FaultPlan, *, number: int, replica: str, death: Death) -> Process:
    """`replica`: its name, where it is one of several."""
    rng = world.rng.fork(f"process-{number}")
    faulty = FaultyClient(inner, world.clock, rng, plan, death)
    process = Process(
        number=number,
        world=world,
        witness=inner,
        faulty=faulty,
        client=verbs(faulty),
        caches=InformerCaches(faulty, world.clock, rng),
        rng=rng,
    )
    if replica:
        process.replicas = _membership(process, replica)
        access = fenced(ClientAccess(faulty, lambda user: faulty), process.replicas.may_write)
        process.client = verbs(access.client)
    return process


def _membership(process: Process, replica: str) -> Membership:
    def changed() -> None:
        getattr(process.part, "replicas_changed", lambda: None)()

    return Membership(
        process.faulty,
        process.clock,
        process.rng.fork(replica),
        namespace="default",
        group="controller",
        identity=replica,
        timing=TIMING,
        on_change=changed,
    )


def names_of(replicas: int) -> Collection[str]:
    return [f"replica-{number}" for number in range(replicas)] if replicas > 1 else [""]
