"""The demonstration's services: an OCI registry, and a Prometheus API for simulated traffic.

Their ports are kept in the data directory, because objects in Git and in the cluster contain them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from argosy.cli.place import HOST, free_port
from argosy.cli.up import Open

if TYPE_CHECKING:
    from argosy.cli.process import Embedded
    from argosy.runtime.chance import Rng
    from argosy.runtime.client import Client
    from argosy.runtime.clock import Clock

REPOSITORY: Final = "shop"
FIRST: Final = "1.0.0"
CREATED: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    embedded: Embedded
    registry_port: int
    prometheus_port: int

    @property
    def client(self) -> Client:
        return self.embedded.client

    @property
    def url(self) -> str:
        return self.embedded.server.url

    @property
    def page(self) -> str:
        """The web page and its API."""
        assert self.embedded.api is not None
        return self.embedded.api.url

    @property
    def images(self) -> str:
        return f"{HOST}:{self.registry_port}/{REPOSITORY}"

    async def wait_ready(self, clock: Clock) -> None:
        await self.embedded.wait_ready(clock)

    def warm_up(self) -> None:
        self.embedded.warm_up()


def with_demonstration(options: argparse.Namespace) -> Open[Demonstration]:
    @asynccontextmanager
    async def opened(data_dir: Path, host: str, port: int, clock: Clock, rng: Rng) -> AsyncIterator[Demonstration]:
        from argosy.cli.up import with_controllers
        from argosy.cluster.http.streaming.responder import serve_plainly

        registry_port, prometheus_port = ports(data_dir)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(_registry(registry_port))
            running = await stack.enter_async_context(with_controllers(options)(data_dir, host, port, clock, rng))
            if running.prometheus is not None:
                await stack.enter_async_context(serve_plainly(running.prometheus, HOST, prometheus_port))
            yield Demonstration(embedded=running, registry_port=registry_port, prometheus_port=prometheus_port)

    return opened


def ports(data_dir: Path) -> tuple[int, int]:
    """The ports of the last run, which objects in Git and in the cluster contain."""
    file = data_dir / "demo-ports.json"
    try:
        registry, prometheus = json.loads(file.read_text())
    except (OSError, ValueError):
        registry, prometheus = free_port(), free_port()
        file.write_text(json.dumps([registry, prometheus]))
    return int(registry), int(prometheus)


@asynccontextmanager
async def _registry(port: int) -> AsyncIterator[None]:
    """An in-memory registry that holds the first release."""
    from aiohttp import web

    from argosy.sources.hosting.registry import MemoryRegistry

    registry = MemoryRegistry()
    registry.push_image(REPOSITORY, FIRST, created=CREATED, content=FIRST.encode())
    runner = web.AppRunner(registry.application(), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield
    finally:
        await runner.cleanup()
