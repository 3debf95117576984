"""What the engine itself costs a controller: turns that read four things and do nothing, on 10,000 objects.

Run: python -m bench.engine. The cost of recording reads is printed with the same looks on bare caches.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from argosy.apis.kubernetes.views.core import ConfigMap, Secret
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery import requests
from argosy.machinery.controller import NOTHING, Controller, Decision, Index, Snapshot
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.observe.metrics import Registry
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.client import Client
from argosy.runtime.engine import Engine
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.virtual import VirtualProcess

COUNT = 10_000
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
SECRETS = Resource("", "v1", "secrets", "Secret")
BY_LABEL = Index("bench-app", ConfigMap, lambda obj: [(obj["metadata"].get("labels") or {}).get("app") or ""])


def look(snapshot: Snapshot, key: Key) -> ConfigMap | None:
    """As a room's: its object, one that it names, what it owns, what an index finds."""
    found = snapshot.get(ConfigMap, key)
    if found is None:
        return None
    snapshot.get(Secret, key)
    snapshot.owned(ConfigMap, found.metadata.uid)
    snapshot.indexed(BY_LABEL, f"{key}")
    return found


def decide(seen: ConfigMap, now: datetime) -> Decision:
    return NOTHING if seen.metadata.name else Decision(wake_at=now)


class Bench:
    def __init__(self, process: VirtualProcess) -> None:
        self.process = process
        clock, rng = process.clock, process.rng
        self.cluster = EmbeddedCluster(clock=clock, rng=rng.fork("server"))
        self.client: Client
        self.supervisor = Supervisor(clock, rng)

    async def run(self) -> None:
        clock, rng = self.process.clock, self.process.rng
        async with self.cluster:
            self.client = self.cluster.client("bench", ("system:masters",))
            for number in range(COUNT):
                await self.client.write(requests.create(CONFIG_MAPS, _object("ConfigMap", number)))
            caches = InformerCaches(self.client, clock, rng)
            controller = Controller(name="bench", kind=ConfigMap, look=look, decide=decide)
            engine = Engine(self.client, caches, clock, rng, [controller], registry=Registry())
            self.supervisor.add("caches", caches.run)
            self.supervisor.add("engine", engine.run)
            async with self.supervisor:
                await self._measure(engine, caches)

    async def _measure(self, engine: Engine, caches: InformerCaches) -> None:
        clock = self.process.clock
        await clock.settle()
        plain = min([await self._again(engine) for _ in range(3)])
        bare = _bare(caches)
        print(f"a turn that reads four things and does nothing: {plain / COUNT * 1e6:.0f} us of CPU")
        print(f"the same reads on bare caches: {bare / COUNT * 1e6:.1f} us; ratio {plain / bare:.1f}")
        before = engine.turns("bench")
        await self.client.write(requests.create(SECRETS, _object("Secret", 7)))
        await clock.settle()
        print(f"an object that one key had read comes: {engine.turns('bench') - before} turn of {COUNT:,}")

    async def _again(self, engine: Engine) -> float:
        engine.wake_all()
        return await self._seconds(lambda: engine.turns("bench"))

    async def _seconds(self, count: Callable[[], int]) -> float:
        before, began = count(), time.process_time()
        await self.process.clock.settle()
        assert count() - before >= COUNT
        return time.process_time() - began


def _bare(caches: InformerCaches) -> float:
    """What the looks read, without an engine."""
    maps, secrets = caches.cache(CONFIG_MAPS), caches.cache(SECRETS)
    keys = [key_of(obj) for obj in maps.list()]
    began = time.process_time()
    for key in keys:
        obj: Any = maps.get(key)
        secrets.get(key)
        maps.by_index("owner-uid", obj["metadata"]["uid"])
        maps.by_index("bench-app", f"{key}")
    return time.process_time() - began


def _object(kind: str, number: int) -> JsonObject:
    metadata = {"name": f"a-{number:05}", "namespace": "default"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


if __name__ == "__main__":
    with VirtualProcess(seed=1) as virtual:
        virtual.run(Bench(virtual).run())
