"""What `argocd --core` looks for in the control plane's namespace: settings, and a Pod of a repo-server.

With `--core` the command runs Argo CD's API server in its own process on the Kubernetes API. It does not start without
the ConfigMap argocd-cm, and looks for a ready Pod by the label of the repo-server before each command, whether it will
ask that or not. The Pod is simulated; connections to its port are answered by this process (`server.core_mode`).
Source: spec/server-details.md B1.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

if TYPE_CHECKING:
    from argosy.cluster.http.streaming.raw import ByteStream

REPO_SERVER: Final = ("argocd-repo-server", 8081)
"""Name, which is also the label's value, and port."""
SETTINGS: Final = ("argocd-cm", "argocd-tls-certs-cm", "argocd-ssh-known-hosts-cm", "argocd-gpg-keys-cm")
CONFIG_MAPS: Final = Resource("", "v1", "configmaps", "ConfigMap")
PODS: Final = Resource("", "v1", "pods", "Pod")
PIECE: Final = 65536


async def create_when_ready(client: Client, namespace: str, is_ready: Callable[[], bool], clock: Clock) -> None:
    """A part of its own: what is refused, such as by a quota, is tried again, and delays nothing else."""
    while not is_ready():
        await clock.sleep(0.05, background=True)
    await create_missing(client, namespace)


async def create_missing(client: Client, namespace: str) -> None:
    """What is there stays as it is: these names are the users' to fill. Raises StatusError."""
    wanted = [(CONFIG_MAPS, _settings(name, namespace)) for name in SETTINGS]
    for resource, obj in [*wanted, (PODS, _repo_server(namespace))]:
        try:
            await client.write(requests.create(resource, obj))
        except StatusError as error:
            if not error.is_already_exists:
                raise


def _settings(name: str, namespace: str) -> JsonObject:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
    }


def _repo_server(namespace: str) -> JsonObject:
    name, port = REPO_SERVER
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"}
    container = {"name": "argosy", "image": "argosy", "ports": [{"name": "grpc", "containerPort": port}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [container], "automountServiceAccountToken": False},
    }


async def carry(stream: ByteStream, connection: socket.socket) -> None:
    """Carries bytes both ways until one side ends."""
    connection.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=connection)

    async def sent() -> None:
        with suppress(ConnectionError):
            while data := await stream.read():
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def received() -> None:
        with suppress(ConnectionError):
            while data := await reader.read(PIECE):
                await stream.write(data)

    try:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(sent(), name="forwarded: sent")
            await received()
            sending.cancel()
    finally:
        writer.close()
