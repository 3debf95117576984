"""`server.context.PodShells` over the web sockets of real API servers' `pods/exec`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from argosy.machinery.objects import Resource
from argosy.runtime.client import Client

if TYPE_CHECKING:
    import aiohttp

    from argosy.runtime.http.client import HttpClient
    from argosy.server.context import Shell

PODS: Final = Resource("", "v1", "pods", "Pod")
EXEC_PROTOCOLS: Final = ("v5.channel.k8s.io", "v4.channel.k8s.io")


def over_http(client: Client) -> HttpClient | None:
    """What is below the wrappers, if it is an API server elsewhere."""
    from argosy.runtime.clients.wrapping import WrappingClient
    from argosy.runtime.http.client import HttpClient

    while isinstance(client, WrappingClient):
        client = client.inner
    return client if isinstance(client, HttpClient) else None


class SocketShells:
    def are_of(self, client: Client) -> bool:
        return over_http(client) is not None

    @asynccontextmanager
    async def opened(
        self, client: Client, namespace: str, pod: str, query: Sequence[tuple[str, str]]
    ) -> AsyncIterator[Shell]:
        elsewhere = over_http(client)
        assert elsewhere is not None, "asked before"
        async with elsewhere.socket(PODS.path(namespace, pod, "exec"), query, EXEC_PROTOCOLS) as socket:
            yield SocketShell(socket)


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
