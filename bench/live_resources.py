"""`python -m bench.live_resources [COUNT]`: the memory of 100,000 live resources in the complete embedded process.

Server, store on disk, simulated workloads, caches and controllers are in the one process that is measured. Half of the
objects are ConfigMaps of 1 KB, three tenths Pods, the rest Secrets; no Application tracks them.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import tracemalloc
from pathlib import Path
from uuid import UUID

import orjson

from argosy.cli.process import Embedded, embedded
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import Clock, RealClock
from bench.applications import CONFIG_MAPS, free_port, resident_mb, say

PODS = Resource("", "v1", "pods", "Pod")
SECRETS = Resource("", "v1", "secrets", "Secret")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SPACES = 100


def a_config_map(name: str, namespace: str) -> JsonObject:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name, "team": namespace}}
    data = {f"key-{n}": f"{name} " + "x" * 80 for n in range(8)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def a_secret(name: str, namespace: str) -> JsonObject:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": "c2VjcmV0" * 32}}


def a_pod(name: str, namespace: str) -> JsonObject:
    container = {
        "name": "web",
        "image": "registry.example/team/web:1.25",
        "env": [{"name": f"SETTING_{n}", "value": f"value {n}"} for n in range(8)],
        "ports": [{"containerPort": 8080, "name": "http"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    }
    spec = {"containers": [container]}
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name, "pod-template-hash": "5d4f8c7b9"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


MIX = [(CONFIG_MAPS, a_config_map)] * 5 + [(PODS, a_pod)] * 3 + [(SECRETS, a_secret)] * 2


async def fill(process: Embedded, clock: Clock, count: int) -> None:
    """The first of each kind goes through the API, the others are stored as it came out: as heavy, and sooner there."""
    for number in range(SPACES):
        metadata = {"name": f"space-{number}"}
        await process.client.write(
            requests.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
        )
    store, models = process.cluster.store, {}
    for resource, make in dict.fromkeys(MIX):
        await process.client.write(requests.create(resource, make("model-name", "space-0")))
    await clock.sleep(10.0)  # until the Pod runs
    for resource, _ in dict.fromkeys(MIX):
        models[resource] = orjson.dumps(await process.client.get(requests.Get(resource, Key("space-0", "model-name"))))
    assert orjson.loads(models[PODS])["status"]["phase"] == "Running"
    for number in range(count):
        resource, _ = MIX[number % len(MIX)]
        name, namespace = f"object-{number}", f"space-{number // 10 % SPACES}"
        obj = orjson.loads(models[resource].replace(b"model-name", name.encode()))
        obj["metadata"] |= {
            "namespace": namespace,
            "uid": str(UUID(int=number)),
        }
        store.put(store.table(resource.group, resource.plural), Key(namespace, name), obj, None)
        if number % 100 == 0:
            await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop, not a wait


async def run(count: int, trace: bool) -> None:
    clock, rng = RealClock(), SystemRng()
    with tempfile.TemporaryDirectory() as folder:
        async with embedded(Path(folder), "127.0.0.1", free_port(), clock, rng) as process:
            await process.wait_ready(clock)
            say("resident memory when empty", f"{resident_mb():.0f} MB", "< 150 MB")
            if trace:
                tracemalloc.start(1)
            began = time.perf_counter()
            await fill(process, clock, count)
            await clock.sleep(15.0)
            say(f"{count} objects there after", f"{time.perf_counter() - began:.1f} s")
            tables = process.cluster.store.tables()
            size = sum(len(entry.encoded) for table in tables for entry in table.scan())
            say("bytes of all objects as JSON", f"{size / 1e6:.0f} MB")
            say(f"resident memory with {count} objects", f"{resident_mb():.0f} MB", "< 600 MB")
            if trace:
                for stat in tracemalloc.take_snapshot().statistics("lineno")[:25]:
                    print(stat)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=100_000)
    parser.add_argument("--trace", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(run(arguments.count, arguments.trace))


if __name__ == "__main__":
    main()
