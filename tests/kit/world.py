"""A whole process in virtual time: embedded cluster, caches and controllers, from one seed.

with World(seed=7) as world:
    world.run(world.client.create(CONFIG_MAPS, config_map("a")))
    ended = world.run_until(lambda: ...)
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson

from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.virtual import START, Ending, Limits, Settled, VirtualProcess
from tests.kit.verbs import Verbs, verbs

T = TypeVar("T")

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
EVENTS = Resource("", "v1", "events", "Event")
DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")


class World:
    """`client` may do everything. Parts added to `supervisor` start at once and stop with the world."""

    def __init__(
        self,
        seed: int = 7,
        start: datetime = START,
        limits: Limits | None = None,
        *,
        data_dir: Path | None = None,
        crds: Sequence[JsonObject] = (),
    ) -> None:
        """`data_dir` keeps the objects for a later world that starts where this one ended. `crds`: served from the
        first moment; what they cost is paid once for all worlds that have the same.
        """
        self.process = VirtualProcess(seed, start, limits)
        self.clock, self.rng = self.process.clock, self.process.rng
        rng = self.rng.fork("server")
        if crds:
            assert data_dir is None, "a world with definitions of its own lives in memory"
            self.cluster = _serving(crds).fork(clock=self.clock, rng=rng)
        else:
            self.cluster = EmbeddedCluster(clock=self.clock, rng=rng, data_dir=data_dir)
        self.client: Verbs = verbs(self.cluster.client("system:world", ("system:masters",)))
        self.supervisor = Supervisor(self.clock, self.rng)
        self.caches = InformerCaches(self.client, self.clock, self.rng)
        self.supervisor.add("caches", self.caches.run)
        self._close: asyncio.Event | None = None
        self._life: asyncio.Task[None] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs until `work` is done."""
        return self.process.run(work)

    def settle(self, *, within: timedelta | None = None) -> Settled:
        return self.run(self.clock.settle(within=within))

    def run_until(self, goal: Callable[[], bool], *, within: timedelta = timedelta(days=1)) -> datetime:
        """The first instant at which the goal holds. An AssertionError says when it did not come."""
        settled = self.run(self.clock.settle(goal, within=within))
        assert settled.ending is Ending.GOAL, f"the goal did not hold within {within}"
        return settled.at

    def pass_time(self, seconds: float) -> None:
        self.run(self.clock.sleep(seconds))

    def __enter__(self) -> Self:
        self.run(self._begin())
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            if exc_info[0] is None:
                self.run(self._end())
        finally:
            self.process.close()

    async def _begin(self) -> None:
        opened = asyncio.Event()
        self._close = asyncio.Event()
        self._life = asyncio.get_running_loop().create_task(self._live(opened), name="world")
        self._life.add_done_callback(lambda life: opened.set())
        await opened.wait()
        if self._life.done():
            self._life.result()

    async def _end(self) -> None:
        assert self._close is not None
        assert self._life is not None
        self._close.set()
        await self._life

    async def _live(self, opened: asyncio.Event) -> None:
        assert self._close is not None
        async with self.cluster, self.supervisor:
            opened.set()
            await self._close.wait()


def _serving(crds: Sequence[JsonObject]) -> EmbeddedCluster:
    """A cluster with these definitions, to be forked."""
    digest = hashlib.sha256(orjson.dumps(list(crds))).digest()
    if (found := _ORIGINS.get(digest)) is not None:
        return found
    with World() as world:
        for crd in crds:
            world.run(world.client.create(DEFINITIONS, crd))
        world.settle()
    _ORIGINS[digest] = world.cluster
    return world.cluster


_ORIGINS: dict[bytes, EmbeddedCluster] = {}


def config_map(name: str, namespace: str = "default", **data: str) -> JsonObject:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def ours(objects: Iterable[JsonObject]) -> list[JsonObject]:
    """Without what the server's own controllers put into every namespace."""
    return [obj for obj in objects if not obj["metadata"]["name"].startswith("kube-root-ca")]
