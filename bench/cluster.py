"""`python -m bench.cluster`: what the embedded server's core costs, in this process and without sockets.

Each line is a figure and its target; figures depend on the machine, so the last column relates them to one plain
orjson round trip of the same object (`x trip`).
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson

from argosy.cluster.kind import User
from argosy.cluster.request import ApiRequest, Options
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock

CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")


def config_map(name: str) -> JsonObject:
    labels = {"app": name, "tier": "bench"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "data": {f"key-{number}": "x" * 90 for number in range(16)},
    }


def deployment(name: str) -> JsonObject:
    container = {"name": "c", "image": "app:1", "env": [{"name": f"E{number}", "value": "v"} for number in range(8)]}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
    }


class Bench:
    def __init__(self) -> None:
        body = config_map("a")
        started = time.perf_counter()
        for _ in range(2000):
            orjson.loads(orjson.dumps(body))
        self.trip = (time.perf_counter() - started) / 2000

    def show(self, what: str, seconds: float, target: float) -> None:
        verdict = "ok" if seconds <= target else "MISSED"
        figures = f"{seconds * 1e6:10.1f} us  target {target * 1e6:8.0f} us  {seconds / self.trip:7.1f} x trip"
        print(f"{what:44s} {figures}  {verdict}")

    async def each(self, count: int, work: Callable[[int], Awaitable[object]]) -> float:
        """Seconds per call; the loop gets a turn now and then, so that commits are shown as in life."""
        started = time.perf_counter()
        for number in range(count):
            await work(number)
            if number % 50 == 49:
                await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop, not a wait
        return (time.perf_counter() - started) / count


async def memory(bench: Bench, count: int) -> None:
    async with EmbeddedCluster(clock=RealClock(), rng=SeededRng(1)) as cluster:
        client = cluster.client("bench")
        create = await bench.each(2000, lambda n: client.write(requests.create(CONFIG_MAPS, config_map(f"a{n:05d}"))))
        bench.show("create a 1.9 KB ConfigMap", create, 300e-6)
        get = await bench.each(
            5000, lambda n: client.get(requests.Get(CONFIG_MAPS, Key("default", f"a{n % 2000:05d}")))
        )
        bench.show("get", get, 10e-6)
        patch = await bench.each(
            2000,
            lambda n: client.write(
                requests.patch(CONFIG_MAPS, Key("default", f"a{n:05d}"), {"data": {"key-1": str(n)}}, PatchType.MERGE)
            ),
        )
        bench.show("merge patch", patch, 300e-6)
        apply = await bench.each(
            500, lambda n: client.write(requests.apply(DEPLOYMENTS, deployment(f"d{n}"), manager="b", force=False))
        )
        bench.show("apply a new Deployment", apply, 600e-6)
        again = await bench.each(
            500, lambda n: client.write(requests.apply(DEPLOYMENTS, deployment(f"d{n}"), manager="b", force=False))
        )
        bench.show("apply it again, unchanged", again, 600e-6)
        for number in range(2000, count):
            await client.write(requests.create(CONFIG_MAPS, config_map(f"a{number:06d}")))
            if number % 1000 == 0:
                await asyncio.sleep(0)  # noqa: TID251  # as above
        kind = cluster.catalog.of(CONFIG_MAPS)
        assert kind is not None
        page = ApiRequest(verb="list", kind=kind, user=User("b"), namespace="default", options=Options(limit=500))
        listed = await bench.each(20, lambda _: cluster.api.handle(page))
        bench.show(f"list 500 of {count} (body and bytes)", listed, 50e-3)
        chosen = Options(label_selector="app=a00007", limit=500)
        some = ApiRequest(verb="list", kind=kind, user=User("b"), namespace="default", options=chosen)
        bench.show(f"list by label among {count}", await bench.each(3, lambda _: cluster.api.handle(some)), 500e-3)
        await fan_out(bench, cluster)


async def fan_out(bench: Bench, cluster: EmbeddedCluster) -> None:
    client, seen, all_told = cluster.client("bench"), [], asyncio.Event()
    start = str(cluster.store.revision)

    async def watch() -> None:
        async for event in client.follow(
            requests.Watch(resource=CONFIG_MAPS, namespace="default", resource_version=start)
        ):
            seen.append(event)
            if len(seen) == 50:
                all_told.set()
            return

    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(watch())
        await asyncio.sleep(0.01)  # noqa: TID251  # until all of them wait
        started = time.perf_counter()
        await client.write(requests.create(CONFIG_MAPS, config_map("watched")))
        await all_told.wait()
        bench.show("one event to 50 watchers", time.perf_counter() - started, 1e-3)


async def durable(bench: Bench, full: bool) -> None:
    durability = "FULL" if full else "NORMAL"
    with tempfile.TemporaryDirectory() as directory:
        cluster = EmbeddedCluster(clock=RealClock(), rng=SeededRng(1), data_dir=Path(directory), durability=durability)
        async with cluster:
            client = cluster.client("bench")

            async def writer(lane: int) -> None:
                for number in range(40):
                    await client.write(requests.create(CONFIG_MAPS, config_map(f"w{lane}-{number}")))

            started = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                for lane in range(64):
                    tasks.create_task(writer(lane))
            bench.show(f"durable create, 64 writers, {durability}", (time.perf_counter() - started) / 2560, 1 / 1500)


async def main(count: int) -> None:
    bench = Bench()
    await memory(bench, count)
    await durable(bench, full=False)
    await durable(bench, full=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().objects))
