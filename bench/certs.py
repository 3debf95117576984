"""Certificates: many of a CA issuer with ECDSA keys, until all are ready; then nothing to do.

Run: python -m bench.certs [COUNT]. One process over the embedded server in memory. Prints the time on the wall and that
of the processor, which says more on a machine that does other things. Exits with 1 when anything is written once all is
done, or when a private key is anywhere but in a Secret.
"""

from __future__ import annotations

import asyncio
import sys
import time

from argosy import certs
from argosy.apis import crds
from argosy.apis.certmanager import RESOURCES, Certificate, Issuer
from argosy.certs.adapters.crypto import Crypto
from argosy.certs.settings import Settings
from argosy.cli.assembly.strips import STRIPS
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource, resource_of
from argosy.machinery.requests import List, create
from argosy.observe.garbage import Garbage
from argosy.observe.process import resident_bytes
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import RealClock
from argosy.runtime.engine import Engine
from bench.canary import Canary

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
READY_SECONDS, MEMORY, QUIET_SECONDS, STEADY_SECONDS = 180.0, 500, 5.0, 20.0


def certificate(name: str, issuer: str, **spec: object) -> JsonObject:
    made = {
        "secretName": name,
        "dnsNames": [f"{name}.example.test"],
        "privateKey": {"algorithm": "ECDSA"},
        "issuerRef": {"name": issuer},
        **spec,
    }
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata, "spec": made}


def issuer(name: str, spec: JsonObject) -> JsonObject:
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": metadata, "spec": spec}


class Ready:
    """Counts the Certificates that are ready in the cache: a poll of ten thousand would cost more."""

    def __init__(self, caches: InformerCaches) -> None:
        self._names: set[str] = set()
        caches.cache(resource_of(Certificate)).on_change(self._changed)

    def _changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is not None:
            states = {one["type"]: one["status"] for one in (new.get("status") or {}).get("conditions") or ()}
            is_ready = states.get("Ready") == "True" and states.get("Issuing") != "True"
            (self._names.add if is_ready else self._names.discard)(new["metadata"]["name"])

    async def until(self, count: int) -> None:
        while len(self._names) < count:
            await RealClock().sleep(0.2)


async def revision(client: Client) -> int:
    """Rises by one with each write of anybody to anything, Events included."""
    return int((await client.page(List(resource=resource_of(Issuer), limit=1))).resource_version)


async def settled(client: Client, engine: Engine) -> int:
    """The keys of the last revision are deleted and the Events written: no more writes."""
    before = -1
    while not engine.is_idle or before != await revision(client):
        before = await revision(client)
        await RealClock().sleep(QUIET_SECONDS)
    return before


async def main(count: int) -> None:
    clock, rng, canary = RealClock(), SystemRng(), Canary()
    async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
        client = cluster.client("bench", ("system:masters",))
        for crd in crds("cert-manager"):
            await client.write(create(DEFINITIONS, crd))
        await client.write(create(Issuer, issuer("self", {"selfSigned": {}})))
        await client.write(create(Certificate, certificate("root", "self", isCA=True, commonName="root")))
        await client.write(create(Issuer, issuer("ca", {"ca": {"secretName": "root"}})))
        for number in range(count):
            await client.write(create(Certificate, certificate(f"c{number}", "ca")))
        before = resident_bytes()
        garbage = Garbage()
        garbage.settle()  # as the process of `argosy up` does
        caches, crypto = InformerCaches(client, clock, rng, strips=STRIPS), Crypto(clock, rng)
        engine = Engine(client, caches, clock, rng, certs.controllers(Settings()), crypto.answerers())
        async with asyncio.TaskGroup() as tasks:
            ready = Ready(caches)
            running = [tasks.create_task(caches.run()), tasks.create_task(engine.run())]
            began, used = time.perf_counter(), time.process_time()
            await ready.until(count + 1)
            wall, cpu = time.perf_counter() - began, time.process_time() - used
            written, used = await settled(client, engine), time.process_time()
            await clock.sleep(STEADY_SECONDS)
            steady, share = await revision(client) - written, (time.process_time() - used) / STEADY_SECONDS
            memory = resident_bytes() / 1e6
            planted, sung = await canary.sung(client, RESOURCES)
            for task in running:
                task.cancel()
        crypto.close()
    print(f"{count} Certificates ready {wall:12.1f} s, {cpu:.1f} s of processor   (below {READY_SECONDS:.0f} s)")
    print(f"writes in the {STEADY_SECONDS:.0f} s after that {steady:8d}, {share:.2%} of a core   (none)")
    print(f"memory of the whole process {memory:8.0f} MB, {before / 1e6:.0f} of it before   (below {MEMORY} MB)")
    print(f"words of private keys found outside of Secrets {len(sung):5d} of {planted}   (none)")
    if steady or sung:
        sys.exit("something was written once all was done" if steady else "a private key stands outside of a Secret")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
