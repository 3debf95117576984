"""The API server as a part of `argosy up`: opens its port at once, and loads its code at the first connection.

Until somebody calls the API, it costs no more than a socket. The administrator's initial password is created in the
background once everything else is ready.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from argosy.cli.assembly.core_mode import carry
from argosy.cli.failing import CommandError
from argosy.cli.place import HOST
from argosy.machinery import requests
from argosy.machinery.objects import Key, Resource
from argosy.runtime.client import Client

if TYPE_CHECKING:
    from argosy.cli.process import ControlPlane
    from argosy.cluster.http.streaming.raw import ByteStream
    from argosy.cluster.ports import LogSource, PodRuntime
    from argosy.runtime.chance import Rng
    from argosy.runtime.client import Client
    from argosy.runtime.clock import Clock
    from argosy.server.process import Ports

USUAL_PORT = 8080
BACKLOG = 512
NAMESPACE = "argocd"
PODS = Resource("", "v1", "pods", "Pod")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """`port` None: the port of the last run, else 8080, else any free one."""

    port: int | None = None
    insecure: bool = False


class ServerPart:
    """Call `open` first; `run` runs until it is cancelled."""

    def __init__(self, data_dir: Path, options: ServerOptions, is_ready: Callable[[], bool], clock: Clock) -> None:
        self._data_dir, self._options, self._is_ready, self._clock = data_dir, options, is_ready, clock
        self._socket: socket.socket | None = None
        self._repo_server_connections = asyncio.Queue[socket.socket]()
        self._wanted = asyncio.Event()
        self.url = ""

    @property
    def file(self) -> Path:
        return self._data_dir / "server"

    def open(self) -> None:
        """Raises CommandError if the requested port is not available."""
        self._socket = self._bound()
        self._socket.setblocking(False)
        scheme = "http" if self._options.insecure else "https"
        self.url = f"{scheme}://{HOST}:{self._socket.getsockname()[1]}"
        self.file.write_text(f"{self.url}\n")
        self._port_file.write_text(f"{self._socket.getsockname()[1]}\n")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        with suppress(OSError):
            self.file.unlink()

    async def run(self, ports: Callable[[], Ports], client: Client, rng: Rng) -> None:
        while not self._is_ready():
            await self._clock.sleep(0.05, background=True)
        await self._clock.sleep(0.5, background=True)  # tasks that waited for readiness run first
        await self._loaded("argosy.server.bootstrap")
        from argosy.server import bootstrap

        # Before the second that loading the server takes: passwords and `argocd --core` wait for it.
        await bootstrap.ensure(client, NAMESPACE, self._clock, rng.fork("server"))
        await self._loaded("argosy.server.process")
        given = ports()
        assert self._socket is not None
        await self._somebody(self._socket)
        from argosy.server.process import Place, load, serving

        await self._clock.external(asyncio.to_thread(load))
        place = Place(address=HOST, insecure=self._options.insecure, socket=self._socket.dup())
        async with serving(given, place) as running:
            while True:
                running.answer_repo_server(await self._repo_server_connections.get())

    async def answer_repo_server(self, stream: ByteStream) -> None:
        """Answers one connection to the repo-server, as soon as the server's code is loaded."""
        near, far = socket.socketpair()
        self._repo_server_connections.put_nowait(far)
        self._wanted.set()
        await carry(stream, near)

    async def _somebody(self, listening: socket.socket) -> None:
        """Waits for the first connection."""
        loop = asyncio.get_running_loop()
        loop.add_reader(listening, self._wanted.set)
        try:
            await self._wanted.wait()
        finally:
            loop.remove_reader(listening)

    async def _loaded(self, module: str) -> None:
        """In a thread: loading the code would block the loop for half a second."""
        await self._clock.external(asyncio.to_thread(import_module, module))

    def _bound(self) -> socket.socket:
        if self._options.port is not None:
            try:
                return _listening(self._options.port)
            except OSError as error:
                raise CommandError(f"--server-port {self._options.port}: {error.strerror}: choose another") from None
        for port in (self._last_port(), USUAL_PORT):
            with suppress(OSError):
                return _listening(port)
        return _listening(0)

    def _last_port(self) -> int:
        """Reuses the last port, because open pages and clients know it."""
        with suppress(OSError, ValueError):
            return int(self._port_file.read_text())
        return USUAL_PORT

    @property
    def _port_file(self) -> Path:
        return self._data_dir / "server-port"


def _listening(port: int) -> socket.socket:
    return socket.create_server((HOST, port), backlog=BACKLOG)


def ports_of(
    plane: ControlPlane,
    client: Client,
    clock: Clock,
    rng: Rng,
    namespace: str,
    audit: Path | None,
    logs: LogSource | None = None,
    own: Client | None = None,
    inside: PodRuntime | None = None,
) -> Ports:
    """The parts of a control plane that the server uses.

    `own`: a client with the control plane's identity; `logs`, `inside`: access to this process's simulated Pods.
    """
    from argosy.cli.assembly.shells import Shells
    from argosy.server.process import Ports

    return Ports(
        client=client,
        control_plane=own,
        caches=plane.caches,
        gitops=plane.gitops,
        outside=plane.doors,
        lua=plane.lua,
        generators=plane.generators,
        pod_logs=partial(pod_logs, logs),
        pod_shells=Shells(inside),
        clock=clock,
        rng=rng,
        namespace=namespace,
        environ=os.environ,
        audit=open_private(audit) if audit is not None else None,
    )


async def pod_logs(
    simulated: LogSource | None, client: Client, namespace: str, pod: str, query: dict[str, str]
) -> AsyncIterator[bytes]:
    """Streams an external cluster's response bytes; calls the embedded one in process."""
    from argosy.cli.assembly.shells import over_http

    if (elsewhere := over_http(client)) is not None:
        async for chunk in elsewhere.stream(PODS.path(namespace, pod, "log"), query):
            yield chunk
        return
    if simulated is None:
        return
    from argosy.cluster.http.options import read_log_options

    found = await client.get(requests.Get(PODS, Key(namespace, pod)))
    async for chunk in simulated.read(found, read_log_options({name: [value] for name, value in query.items()})):
        yield chunk


def open_private(path: Path) -> TextIO:
    """Opens for appending; readable only by the owner."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")
