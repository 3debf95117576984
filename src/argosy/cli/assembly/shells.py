"""`server.context.PodShells`: over `pods/exec` web sockets of real API servers, or in this process's simulated Pods."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

import orjson

from argosy.cluster.http.streaming.remote_command import ERROR, STDIN, FedConsole, status_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.client import Client

if TYPE_CHECKING:
    import aiohttp

    from argosy.cluster.ports import CommandConsole, PodRuntime
    from argosy.runtime.http.client import HttpClient
    from argosy.server.context import Shell

PODS: Final = Resource("", "v1", "pods", "Pod")
EXEC_PROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")
OUTPUT_AT_MOST: Final = 64
"""Messages buffered for a slow reader; the command blocks beyond that."""


def over_http(client: Client) -> HttpClient | None:
    """Unwraps the client to the HTTP client of an external API server, if there is one."""
    from argosy.runtime.clients.wrapping import WrappingClient
    from argosy.runtime.http.client import HttpClient

    while isinstance(client, WrappingClient):
        client = client.inner
    return client if isinstance(client, HttpClient) else None


class Shells:
    """`simulated`: the commands in this process's Pods; None if it has none."""

    def __init__(self, simulated: PodRuntime | None = None) -> None:
        self._simulated = simulated

    def are_of(self, client: Client) -> bool:
        return self._simulated is not None or over_http(client) is not None

    @asynccontextmanager
    async def opened(
        self, client: Client, namespace: str, pod: str, query: Sequence[tuple[str, str]]
    ) -> AsyncIterator[Shell]:
        elsewhere = over_http(client)
        if elsewhere is None:
            assert self._simulated is not None, "asked before"
            found = await client.get(requests.Get(PODS, Key(namespace, pod)))
            async with _simulated(self._simulated, found, query) as shell:
                yield shell
            return
        async with elsewhere.socket(PODS.path(namespace, pod, "exec"), query, EXEC_PROTOCOLS) as socket:
            yield SocketShell(socket)


@asynccontextmanager
async def _simulated(
    runtime: PodRuntime, pod: JsonObject, query: Sequence[tuple[str, str]]
) -> AsyncIterator[SimulatedShell]:
    """Raises StatusError."""
    from argosy.cluster.http.streaming.pods import running_container

    asked = dict(query)
    container = running_container(pod, asked.get("container", ""))
    command = [value for name, value in query if name == "command"]
    shell = SimulatedShell(tty=asked.get("tty") == "true")
    ran = shell.run(lambda console: runtime.run(pod, container, command, console, tty=shell.tty))
    try:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(ran, name="simulated shell")
            try:
                yield shell
            finally:
                running.cancel()
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None  # the block's own error, without the task group


class SimulatedShell:
    """Runs a command in a simulated container, with the channels of a real one."""

    def __init__(self, *, tty: bool) -> None:
        self.tty = tty
        self._output: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue(OUTPUT_AT_MOST)
        self._console = FedConsole(self._write, tty=tty)

    async def run(self, command: Callable[[CommandConsole], Awaitable[int]]) -> None:
        try:
            code = await command(self._console)
            await self._write(ERROR, orjson.dumps(status_of(code)))
            await self._output.put(None)
        except BaseException:
            with suppress(asyncio.QueueFull):  # a reader with a full queue ends without the mark
                self._output.put_nowait(None)
            raise

    async def send(self, channel: int, data: bytes) -> None:
        if channel == STDIN:
            self._console.feed(data)

    async def receive(self) -> tuple[int, bytes] | None:
        return await self._output.get()

    async def _write(self, channel: int, data: bytes) -> None:
        await self._output.put((channel, data))


class SocketShell:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, channel: int, data: bytes) -> None:
        await self._socket.send_bytes(bytes([channel]) + data)

    async def receive(self) -> tuple[int, bytes] | None:
        from aiohttp import WSMsgType

        message = await self._socket.receive()
        if message.type is WSMsgType.BINARY:
            return (message.data[0], message.data[1:]) if message.data else (1, b"")
        return None
