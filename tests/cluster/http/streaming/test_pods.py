"""A forwarded port that the control plane answers itself, with credentials, is only for readers of Secrets."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from pathlib import Path
from typing import Any

import aiohttp

from argosy.cli.place import HOST
from argosy.cli.process import embedded
from argosy.cluster.http.streaming.raw import ByteStream
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.chance import SystemRng
from argosy.runtime.client import Client
from argosy.runtime.clock import RealClock
from tests.kit.ports import free_port

PODS = Resource("", "v1", "pods", "Pod")
RBAC = "rbac.authorization.k8s.io"
ROLES = Resource(RBAC, "v1", "roles", "Role")
BINDINGS = Resource(RBAC, "v1", "rolebindings", "RoleBinding")
PORT = 4000
FORWARD = {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]}
READ = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}


async def prepare(client: Client) -> None:
    container = {"name": "main", "image": "web:1", "ports": [{"containerPort": PORT}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}}
    await client.write(requests.create(PODS, {**pod, "spec": {"containers": [container]}}))
    for user, rules in {"limited": [FORWARD], "reader": [FORWARD, READ]}.items():
        metadata = {"name": user, "namespace": "default"}
        role: JsonObject = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules}
        await client.write(requests.create(ROLES, role))
        binding = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": metadata}
        subject = {"kind": "User", "name": user, "apiGroup": RBAC}
        reference = {"kind": "Role", "name": user, "apiGroup": RBAC}
        await client.write(requests.create(BINDINGS, {**binding, "subjects": [subject], "roleRef": reference}))
    async with asyncio.timeout(120):
        while (await client.get(requests.Get(PODS, Key("default", "web")))).get("status", {}).get("phase") != "Running":  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.05)  # noqa: TID251  # the simulated Pod of a real server


def signed_in(place: Path) -> tuple[str, ssl.SSLContext]:
    """The server's address, and an administrator's certificate."""
    found: dict[str, Any] = json.loads((place / "kubeconfig").read_text())
    user, cluster = found["users"][0]["user"], found["clusters"][0]["cluster"]
    file = place / "client.pem"
    file.write_bytes(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    context.load_cert_chain(file)
    return str(cluster["server"]), context


async def echo(stream: ByteStream) -> None:
    while data := await stream.read():
        await stream.write(b"answered " + data)


async def forwarded(place: Path, user: str) -> tuple[int, bytes]:
    """Number of the channel and first bytes of what follows `hello`: channel 0 has data, 1 the error."""
    server, context = signed_in(place)
    path = f"/api/v1/namespaces/default/pods/web/portforward?ports={PORT}"
    async with (
        aiohttp.ClientSession(headers={"Impersonate-User": user}) as http,
        http.ws_connect(f"{server}{path}", ssl=context, protocols=("v4.channel.k8s.io",)) as socket,
    ):
        for _ in range(2):
            await socket.receive_bytes()  # the ports of both channels
        await socket.send_bytes(b"\0hello")
        message = await socket.receive_bytes()
        return message[0], message[1:]


def test_only_a_reader_of_secrets_is_connected_to_the_control_plane(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = RealClock()
        async with embedded(tmp_path, HOST, free_port(), clock, SystemRng()) as running:
            await running.wait_ready(clock)
            running.cluster.service_handlers.add_connection("default", "web", PORT, echo)
            await prepare(running.client)
            assert await forwarded(tmp_path, "reader") == (0, b"answered hello")
            channel, text = await forwarded(tmp_path, "limited")
            assert (channel, text.decode()) == (
                1,
                f"port {PORT} answers only users who may get secrets in the namespace default",
            )

    asyncio.run(scenario())
