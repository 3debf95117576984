"""The applications of `bench.applications` in virtual time: how long a run takes, and whether every run ends the same.

The whole process - API server, simulated workloads, caches, controllers, real git and real render workers - runs twice
from one seed; the end states are compared byte for byte. `python -m bench.virtual_applications [COUNT] [--seed N]`
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from pathlib import Path

import orjson

from argosy.cli.assembly.installing import control_plane_objects, install
from argosy.cli.outside import Outside
from argosy.cli.process import ControlPlane
from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery import requests
from argosy.machinery.objects import Key
from argosy.runtime.clients.access import ClientAccess
from argosy.runtime.supervisor import Supervisor
from argosy.runtime.virtual import VirtualClock, VirtualProcess
from bench.applications import application, make_repository, say


class Run:
    """One seed, one complete process; `digest` is of every object in the store at the end."""

    def __init__(self, root: Path, repository: Path, count: int, seed: int) -> None:
        self.root, self.repository, self.count = root, repository, count
        self.process = VirtualProcess(seed)
        self.seconds = 0.0
        self.passed = 0.0
        self.digest = ""

    def play(self) -> None:
        began = time.perf_counter()
        with self.process:
            self.process.run(self._live(self.process.clock))
        self.seconds = time.perf_counter() - began

    async def _live(self, clock: VirtualClock) -> None:
        rng = self.process.rng
        cluster = EmbeddedCluster(clock=clock, rng=rng.fork("cluster"), bootstrap=bootstrap_objects())
        async with cluster:
            client = cluster.client("system:bench", ("system:masters",))
            await install(client, control_plane_objects("argocd"), "argosy", clock, rng)
            workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), clock)
            workloads.start()
            access = ClientAccess(client, lambda user: cluster.client(user))
            plane = ControlPlane(access, clock, rng, Outside(cache_directory=self.root / "cache", own_machine=True))
            supervisor = Supervisor(clock, rng)
            plane.run_in(supervisor)
            async with supervisor:
                start = clock.monotonic()
                for number in range(self.count):
                    await client.write(requests.create(APPLICATIONS, application(self.repository, number)))
                await clock.settle(lambda: all(self._is_well(plane, number) for number in range(self.count)))
                self.passed = clock.monotonic() - start
                self.digest = _digest(cluster)
            workloads.stop()
            await plane.close()

    def _is_well(self, plane: ControlPlane, number: int) -> bool:
        app = plane.gitops.plane.applications.get(Key("argocd", f"app-{number}")) or {}
        status = app.get("status") or {}
        synced = (status.get("sync") or {}).get("status") == "Synced" and "operation" not in app
        return synced and (status.get("health") or {}).get("status") == "Healthy"


def _digest(cluster: EmbeddedCluster) -> str:
    found = hashlib.sha256()
    for table in sorted(cluster.store.tables(), key=lambda table: (table.group, table.plural)):
        for obj in cluster.reader.list(table.group, table.plural):
            found.update(orjson.dumps(obj, option=orjson.OPT_SORT_KEYS))
    return f"{cluster.store.revision}:{found.hexdigest()[:16]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=300)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_repository(root / "repository", options.count)
        runs = [Run(root / str(number), root / "repository", options.count, options.seed) for number in range(2)]
        for run in runs:
            run.play()
            say(f"{options.count} applications until all are synced and healthy", f"{run.seconds:.2f} s real")
            say("  passed in virtual time", f"{run.passed:.2f} s")
            say("  end state", run.digest)
        say("every run of a seed ends the same", str(len({run.digest for run in runs}) == 1), "True")


if __name__ == "__main__":
    main()
