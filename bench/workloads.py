"""What a simulated rollout costs: `python -m bench.workloads [deployments] [replicas] [idle objects]`.

Prints microseconds of processor time per write of the server.
"""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Settings, Workloads
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual

ROLLOUT = timedelta(minutes=2)


def _deployment(number: int, replicas: int) -> JsonObject:
    labels = {"app": f"w{number}"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "a:1"}]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": f"w{number}", "namespace": "default"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _fill(cluster: EmbeddedCluster, count: int) -> None:
    """Objects that nobody uses, as an earlier run of the server left them."""
    table = cluster.store.table("", "configmaps")
    for number in range(count):
        metadata = {"name": f"idle-{number:06}", "namespace": "default", "uid": str(number)}
        body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"a": "b"}}
        cluster.store.put(table, Key("default", metadata["name"]), body, None)


def measure(deployments: int, replicas: int, idle: int = 0, *, events: bool = True) -> tuple[float, float, int]:
    """(seconds of processor time, seconds of the simulation until quiet, writes) of a rollout."""

    async def main(clock: VirtualClock, rng: SeededRng) -> tuple[float, float, int]:
        async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
            _fill(cluster, idle)
            server = PipelineServer(cluster.core, cluster.on_commit, cluster.spawn)
            workloads = Workloads(server, clock, (), Settings(kubelet_events=events))
            workloads.start()
            await clock.settle(within=timedelta(seconds=1))
            client, resource = cluster.client("bench"), cluster.resource("apps", "v1", "deployments")
            begun, real, before = clock.now(), time.process_time(), cluster.store.revision
            for number in range(deployments):
                await client.write(requests.create(resource, _deployment(number, replicas)))
            await clock.settle(within=ROLLOUT)
            spent = time.process_time() - real
            statuses = [entry.obj.get("status") or {} for entry in cluster.store.table("apps", "deployments").scan()]
            assert sum(status.get("readyReplicas", 0) for status in statuses) == deployments * replicas
            workloads.stop()
            return spent, (clock.now() - begun).total_seconds(), cluster.store.revision - before

    return run_virtual(main, seed=1)


if __name__ == "__main__":
    deployments, replicas, idle = (int(text) for text in (*sys.argv[1:], *("50", "10", "0")[len(sys.argv) - 1 :]))
    for events in (True, False):
        spent, simulated, writes = measure(deployments, replicas, idle, events=events)
        print(
            f"{deployments} x {replicas} with {idle} idle objects, kubelet events {events}: {writes} writes, "
            f"{spent:.2f} s, {spent / writes * 1e6:.0f} us per write, {simulated:.1f} s simulated"
        )
