"""Rollouts: many idle ones, many canaries at once, a rehearsed canary, and what one turn costs.

Run: python -m bench.rollouts [--idle COUNT] [--canaries COUNT] [--only PART]. Everything is one process on the embedded
server in memory. ReplicaSets are answered for in their status alone where there are many; the rehearsal has Pods.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from argosy import analysis, rollouts
from argosy.apis import crds
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery import requests, timestamps
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.observe.garbage import Garbage
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import Rng, SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.engine import Engine
from argosy.runtime.virtual import VirtualClock, VirtualProcess

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
IDLE_HOURS, LARGEST_MB, LATEST, REHEARSED, TURN = 48, 1200, 1.0, 0.3, 0.001
WIDTH = 70


def rollout(name: str, steps: Sequence[JsonObject], replicas: int = 2) -> JsonObject:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "app:v1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {**spec, "strategy": {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": list(steps)}}},
    }


def tell(text: str, figure: str, target: str) -> None:
    print(f"{text:<{WIDTH}} {figure:>12}   ({target})", flush=True)


class Stage:
    """A server with the definitions, its caches, and the controllers of rollouts and analyses."""

    def __init__(self, clock: Clock, rng: Rng) -> None:
        self.clock, self.rng = clock, rng
        self.cluster = EmbeddedCluster(clock=clock, rng=rng)
        self.client: Client = self.cluster.client("bench", ("system:masters",))
        self.caches = InformerCaches(self.client, clock, rng)
        controllers = (*rollouts.controllers(), *analysis.controllers())
        self.engine = Engine(self.client, self.caches, clock, rng, controllers)
        self._garbage = Garbage()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        await self.cluster.__aenter__()
        for crd in crds("rollouts"):
            await self.client.write(requests.create(DEFINITIONS, crd))
        self.spawn(self.caches.run())
        self.spawn(self.engine.run())
        self._garbage.settle()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for task in tuple(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.cluster.__aexit__(None, None, None)
        self._garbage.release()

    def spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def write(self, request: requests.Write) -> JsonObject:
        return await self.client.write(request)

    def answer_for_sets(self) -> None:
        """Their pods are there at once, in their status."""
        cache = self.caches.cache(SETS)

        def heard(old: JsonObject | None, new: JsonObject | None) -> None:
            if new is not None and (new.get("status") or {}).get("availableReplicas", 0) != new["spec"]["replicas"]:
                self.spawn(self._answer(new))

        cache.on_change(heard)

    async def _answer(self, obj: JsonObject) -> None:
        count, name = obj["spec"]["replicas"], obj["metadata"]["name"]
        status = {"replicas": count, "readyReplicas": count, "availableReplicas": count}
        status["observedGeneration"] = obj["metadata"]["generation"]
        patch = {"status": status}
        await self.client.write(
            requests.patch(SETS, Key("default", name), patch, PatchType.MERGE, subresource="status")
        )

    def count(self, holds: Callable[[JsonObject], bool]) -> int:
        return sum(holds(obj) for obj in self.caches.cache(ROLLOUTS).list("default"))

    async def until(self, count: int, holds: Callable[[JsonObject], bool], every: float = 0.5) -> None:
        while self.count(holds) < count:
            await self.clock.sleep(every)


def in_phase(phase: str, index: int | None = None) -> Callable[[JsonObject], bool]:
    def holds(obj: JsonObject) -> bool:
        status = obj.get("status") or {}
        seen = status.get("observedGeneration") == str(obj["metadata"]["generation"])
        return seen and status.get("phase") == phase and index in (None, status.get("currentStepIndex"))

    return holds


def resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


# -- 10,000 that do nothing --------------------------------------------------------------------------------------------


async def idle(clock: VirtualClock, rng: Rng, count: int) -> None:
    async with Stage(clock, rng) as stage:
        stage.answer_for_sets()
        began = time.perf_counter()
        for number in range(count):
            await stage.client.write(
                requests.create(ROLLOUTS, rollout(f"web-{number}", [{"setWeight": 50}, {"pause": {}}]))
            )
        await stage.until(count, in_phase("Healthy"))
        print(f"{count} Rollouts deployed in {time.perf_counter() - began:.0f} s", flush=True)
        await clock.sleep(60.0)
        writes, before = stage.engine.writes_count, resident_mb()
        for hour in range(IDLE_HOURS):
            await clock.sleep(3600.0)
            if hour == 0:
                before = resident_mb()
        after = resident_mb()
        tell(f"{count} idle Rollouts, writes in {IDLE_HOURS} h", f"{stage.engine.writes_count - writes}", "none")
        tell("resident memory, server and all", f"{after:.0f} MB", f"below {LARGEST_MB} MB")
        tell(f"more than after the first hour, {IDLE_HOURS} h later", f"{after - before:.1f} MB", "flat")


# -- canaries that advance at once -------------------------------------------------------------------------------------


class Steps:
    """When each canary left a pause, against when it should have: by the clock, and in this process's processor time.

    The latter is what the former would be on a machine that has nothing else to do.
    """

    def __init__(self, stage: Stage, pause: float) -> None:
        self.late: list[float] = []
        self.late_in_work: list[float] = []
        self._worked: list[tuple[datetime, float]] = []
        self._stage, self._pause = stage, timedelta(seconds=pause)
        stage.caches.cache(ROLLOUTS).on_change(self._heard)

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        before, after = ((obj or {}).get("status") or {} for obj in (old, new))
        paused = next(iter(before.get("pauseConditions") or ()), None)
        if paused and before.get("currentStepIndex") != after.get("currentStepIndex"):
            due = timestamps.parse(paused["startTime"]) + self._pause
            now = self._stage.clock.now()
            self.late.append((now - due).total_seconds())
            self.late_in_work.append(time.process_time() - self._work_at(due))

    async def sample(self) -> None:
        while True:
            self._worked.append((self._stage.clock.now(), time.process_time()))
            await self._stage.clock.sleep(0.02)

    def _work_at(self, moment: datetime) -> float:
        """Processor time that was used by then."""
        at = bisect_right(self._worked, moment, key=lambda pair: pair[0])
        return self._worked[max(0, at - 1)][1]


async def advancing(count: int) -> None:
    clock, pause = RealClock(), 10
    async with Stage(clock, SystemRng()) as stage:
        stage.answer_for_sets()
        held: JsonObject = {"pause": {"duration": pause}}
        steps = [{"setWeight": 20}, held, {"setWeight": 60}, held]
        for number in range(count):
            await stage.client.write(requests.create(ROLLOUTS, rollout(f"web-{number}", steps)))
        await stage.until(count, in_phase("Healthy"))
        found = Steps(stage, pause)
        stage.spawn(found.sample())
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:v2"}]}}}}
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                key = Key("default", f"web-{number}")
                tasks.create_task(stage.write(requests.patch(ROLLOUTS, key, patch, PatchType.MERGE)))
        updated = time.perf_counter() - began
        await stage.until(count, lambda obj: in_phase("Healthy")(obj) and obj["metadata"]["generation"] > 1)
        late, work = sorted(found.late), sorted(found.late_in_work)
        print(f"{count} canaries updated within {updated:.1f} s, {len(late)} steps left by time", flush=True)
        tell(
            f"{count} canaries: a step is acted on after its time, latest", f"{late[-1]:.2f} s", f"below {LATEST:.0f} s"
        )
        tell("and 99 of 100", f"{late[int(len(late) * 0.99)]:.2f} s", f"below {LATEST:.0f} s")
        tell("the latest in processor time, as without other load", f"{work[-1]:.2f} s", f"below {LATEST:.0f} s")


# -- a canary in virtual time ------------------------------------------------------------------------------------------


async def rehearsed(clock: VirtualClock, rng: Rng) -> None:
    async with Stage(clock, rng) as stage:
        workloads = Workloads(PipelineServer(stage.cluster.core, stage.cluster.on_commit, stage.cluster.spawn), clock)
        workloads.start()
        hour: JsonObject = {"pause": {"duration": "1h"}}
        steps: list[JsonObject] = [{"setWeight": 20}, hour, {"setWeight": 40}, hour, {"setWeight": 60}]
        took, spent = [], []
        for number in range(9):
            name = f"web-{number}"
            await stage.client.write(requests.create(ROLLOUTS, rollout(name, steps, 5)))
            await clock.settle(lambda name=name: _is(stage, name, "v1"))  # type: ignore[misc]
            patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:v2"}]}}}}
            since, began, used = clock.now(), time.perf_counter(), time.process_time()
            await stage.client.write(requests.patch(ROLLOUTS, Key("default", name), patch, PatchType.MERGE))
            await clock.settle(lambda name=name: _is(stage, name, "v2"))  # type: ignore[misc]
            took.append(time.perf_counter() - began)
            spent.append(time.process_time() - used)
            assert clock.now() - since >= timedelta(hours=2)
            await stage.client.write(requests.remove(ROLLOUTS, Key("default", name)))
            await clock.sleep(60.0)
        for what, seconds in (("", took), (", CPU alone", spent)):
            median = sorted(seconds)[len(seconds) // 2]
            text = f"a canary of 5 steps with pauses of 1 h, rehearsed{what}"
            tell(text, f"{median * 1000:.0f} ms", f"below {REHEARSED * 1000:.0f} ms")
        workloads.stop()


def _is(stage: Stage, name: str, version: str) -> bool:
    obj = stage.caches.cache(ROLLOUTS).get(Key("default", name)) or {"metadata": {"generation": 0}}
    generation = 1 if version == "v1" else 2
    return in_phase("Healthy")(obj) and obj["metadata"]["generation"] >= generation


# -- one turn ----------------------------------------------------------------------------------------------------------


async def unchanged(clock: VirtualClock, rng: Rng, turns: int = 2000) -> None:
    """In the middle of an update: two ReplicaSets, and a pause that is not over."""
    async with Stage(clock, rng) as stage:
        stage.answer_for_sets()
        await stage.client.write(requests.create(ROLLOUTS, rollout("web", [{"setWeight": 50}, {"pause": {}}], 4)))
        await stage.until(1, in_phase("Healthy"))
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "app:v2"}]}}}}
        await stage.client.write(requests.patch(ROLLOUTS, Key("default", "web"), patch, PatchType.MERGE))
        await stage.until(1, in_phase("Paused"))
        await clock.sleep(10.0)
        queue, before = stage.engine._runners["rollout"].queue, stage.engine.writes_count  # noqa: SLF001
        done, began = stage.engine.turns("rollout"), time.process_time()
        for _ in range(turns):
            queue.add(Key("default", "web"))
            await clock.sleep(0.001)
        spent = (time.process_time() - began) / (stage.engine.turns("rollout") - done)
        assert stage.engine.writes_count == before
        tell(
            "a turn that changes nothing, in the middle of an update",
            f"{spent * 1000:.2f} ms",
            f"below {TURN * 1000:.0f} ms CPU",
        )


def in_virtual_time(work: Callable[[VirtualClock, Rng], Any]) -> None:
    process = VirtualProcess(7)
    with process:
        process.run(work(process.clock, process.rng))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rollouts")
    parser.add_argument("--idle", type=int, default=10_000, metavar="COUNT")
    parser.add_argument("--canaries", type=int, default=500, metavar="COUNT")
    parser.add_argument("--only", default="", help="turn, rehearsed, advancing or idle")
    options = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "turn": lambda: in_virtual_time(unchanged),
        "rehearsed": lambda: in_virtual_time(rehearsed),
        "advancing": lambda: asyncio.run(advancing(options.canaries)),
        "idle": lambda: in_virtual_time(lambda clock, rng: idle(clock, rng, options.idle)),
    }
    for name, part in parts.items():
        if options.only in ("", name):
            part()


if __name__ == "__main__":
    main()
