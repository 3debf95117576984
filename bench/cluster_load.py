"""`python -m bench.cluster_load`: many writers at once, and lists of a large cluster, over HTTP on loopback."""

from __future__ import annotations

import argparse
import asyncio
import time

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings, serve_cluster
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import Key
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from bench.kill import CONFIG_MAPS, Talk


async def writers(port: int, count: int, each: int) -> tuple[float, int]:
    """(seconds, answers that were no 201) of `count` clients that write at the same time."""
    refused = 0

    async def write(number: int) -> None:
        nonlocal refused
        async with Talk(port) as talk:
            for turn in range(each):
                body = {"metadata": {"name": f"w{number}-{turn}"}, "data": {"k": "v"}}
                code, _ = await talk.send("POST", CONFIG_MAPS, body)
                refused += code != 201

    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(write(number))
    return time.perf_counter() - started, refused


async def lists(port: int, pages: int) -> list[float]:
    """Seconds of each page of 500, from the first on."""
    took, token = [], ""
    async with Talk(port) as talk:
        for _ in range(pages):
            started = time.perf_counter()
            _, page = await talk.send("GET", f"/api/v1/secrets?limit=500&continue={token}")
            took.append(time.perf_counter() - started)
            token = page["metadata"].get("continue") or ""
            assert len(page["items"]) == 500
    return sorted(took)


async def run(objects: int, clients: int, each: int) -> None:
    clock = RealClock()
    cluster = EmbeddedCluster(clock=clock, rng=SystemRng(), bootstrap=bootstrap_objects())
    settings = Settings(tokens={"root": User("root", ("system:masters",))}, plain=True)
    async with cluster:
        front = ClusterFront(cluster, Keys.make(clock.now()), settings)
        async with serve_cluster(cluster, front, clock.now()) as server:
            seconds, refused = await writers(server.port, clients, each)
            rate = clients * each / seconds
            verdict = "FAILED" if refused else "ok"
            print(f"{clients} writers at once   {rate:8.0f} writes/s, {refused} refused  {verdict}")
            table = cluster.store.table("", "secrets")
            for number in range(objects):
                name = f"s{number:06d}"
                metadata = {"name": name, "namespace": "default"}
                obj = {"kind": "Secret", "apiVersion": "v1", "metadata": metadata, "data": {"k": "dg==" * 100}}
                cluster.store.put(table, Key("default", name), obj, None)
            cluster.store.flush()
            took = await lists(server.port, 40)
            median = took[len(took) // 2]
            verdict = "ok" if median < 0.05 else "MISSED"
            print(f"500 of {objects} objects    {median * 1e3:8.1f} ms (median; worst {took[-1] * 1e3:.1f})  {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--each", type=int, default=20)
    options = parser.parse_args()
    asyncio.run(run(options.objects, options.clients, options.each))


if __name__ == "__main__":
    main()
