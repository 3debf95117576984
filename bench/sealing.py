"""Sealed Secrets: a cold start with many objects, a newcomer in the midst of it, and one object under load.

Run: python -m bench.sealing [COUNT]. One process over the embedded server in memory, keys of 4096 bits, real threads.
The processor's time is of the cold start alone, without that of making what is opened; on two idle cores it is about
twice the time on the wall, and says more on a machine that does other things. Exits with 1 when a value that was sealed
is anywhere but in a Secret.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from datetime import timedelta

from argosy.apis import crds
from argosy.apis.bitnami import SealedSecret
from argosy.apis.kubernetes.views.core import Secret
from argosy.cli.assembly.strips import STRIPS
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Key, Resource, resource_of
from argosy.machinery.requests import create
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import RealClock
from argosy.runtime.engine import Engine
from argosy.sealing import answerers, controllers
from argosy.sealing.adapters.keymaking import RealKeys
from argosy.sealing.adapters.opening import Opener
from argosy.sealing.keyring import sealing_key
from argosy.sealing.ports import MakeKey
from argosy.sealing.renewal import key_secret
from argosy.sealing.seal import Sealer
from argosy.sealing.settings import Settings
from argosy.sealing.templates import Templates
from bench.canary import Canary

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
SETTINGS = Settings(renew_period=timedelta())
COLD_SECONDS, NEWCOMER_SECONDS, LOADED_SECONDS = 30.0, 2.0, 0.2


def plain(name: str) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "stringData": {"password": secrets.token_urlsafe(30)},
    }


def is_synced(obj: JsonObject) -> bool:
    return bool(((obj.get("status") or {}).get("conditions") or [{}])[0].get("status") == "True")


async def until_one(caches: InformerCaches, name: str) -> float:
    """Seconds until this one is reported as synced."""
    began = time.perf_counter()
    cache = caches.cache(resource_of(SealedSecret))
    while (obj := cache.get(Key("default", name))) is None or not is_synced(obj):
        await RealClock().sleep(0.01)
    return time.perf_counter() - began


async def until_any(caches: InformerCaches) -> None:
    """The cold start has begun: a newcomer is one only after that."""
    cache = caches.cache(resource_of(SealedSecret))
    while not any(map(is_synced, cache.list("default"))):
        await RealClock().sleep(0.2)


async def until_synced(caches: InformerCaches, names: set[str]) -> float:
    """Seconds until all of these are reported as synced."""
    began = time.perf_counter()
    cache = caches.cache(resource_of(SealedSecret))
    while True:
        done = {obj["metadata"]["name"] for obj in cache.list("default") if is_synced(obj)}
        if names <= done:
            return time.perf_counter() - began
        await RealClock().sleep(0.5)


async def main(count: int) -> None:
    clock, rng, canary = RealClock(), SystemRng(), Canary()
    made = await RealKeys(secrets.token_bytes).make(MakeKey(4096, "", clock.now(), clock.now() + timedelta(days=3650)))
    sealer = Sealer(sealing_key(made.private_pem, made.certificate_pem).public, secrets.token_bytes)
    async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
        client = cluster.client("bench", ("system:masters",))
        for crd in crds("sealed-secrets"):
            await client.write(create(DEFINITIONS, crd))
        await client.write(create(Secret, key_secret(SETTINGS, made)))
        names = [f"s{number}" for number in range(count)]
        for name in names:
            await client.write(create(SealedSecret, sealer.sealed(plain(name))))
        caches = InformerCaches(client, clock, rng, strips=STRIPS)
        opener = Opener(Templates(clock.now, secrets.token_bytes).render)
        engine = Engine(
            client, caches, clock, rng, controllers(SETTINGS), answerers(opener, RealKeys(secrets.token_bytes))
        )
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(caches.run()), tasks.create_task(engine.run())]
            began, used = time.perf_counter(), time.process_time()
            await until_any(caches)
            await client.write(create(SealedSecret, sealer.sealed(plain("newcomer"))))
            newcomer = await until_one(caches, "newcomer")
            await until_synced(caches, set(names))
            cold, cpu = time.perf_counter() - began, time.process_time() - used
            loaded = await under_load(client, caches, sealer)
            planted, sung = await canary.sung(client, (SealedSecret,))
            for task in running:
                task.cancel()
        opener.close()
    print(
        f"{count} SealedSecrets open after a cold start {cold:8.1f} s, {cpu:.1f} s of processor"
        f"   (below {COLD_SECONDS:.0f} s)"
    )
    print(f"a new one in the midst of that {newcomer:15.2f} s   (below {NEWCOMER_SECONDS:.0f} s)")
    print(f"one while others arrive {loaded * 1000:20.0f} ms  (below {LOADED_SECONDS * 1000:.0f} ms)")
    print(f"words of sealed values found outside of Secrets {len(sung):5d} of {planted}   (none)")
    if sung:
        sys.exit("a sealed value stands outside of a Secret")


async def under_load(client: Client, caches: InformerCaches, sealer: Sealer) -> float:
    """The median of nine, each put in behind ten others that came at once and keep both threads at work."""
    took = []
    for round_number in range(9):
        batch = [sealer.sealed(plain(f"load{round_number}-{number}")) for number in range(10)]
        probe = sealer.sealed(plain(f"probe{round_number}"))
        for obj in batch:
            await client.write(create(SealedSecret, obj))
        started = time.perf_counter()
        await client.write(create(SealedSecret, probe))
        await until_one(caches, f"probe{round_number}")
        took.append(time.perf_counter() - started)
        await until_synced(caches, {obj["metadata"]["name"] for obj in batch})
    return sorted(took)[len(took) // 2]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000))
