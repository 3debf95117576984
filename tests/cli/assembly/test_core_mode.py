"""What `argocd --core` looks for is created once, and never replaces what users made."""

from __future__ import annotations

import asyncio
import socket

import pytest

from argosy.cli.assembly.core_mode import (
    CONFIG_MAPS,
    PODS,
    REPO_SERVER,
    SETTINGS,
    carry,
    create_missing,
    create_when_ready,
)
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.supervisor import Supervisor
from tests.kit.world import NAMESPACES, World

QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")


def test_an_own_object_stays_as_it_is_and_the_others_are_created() -> None:
    async def scenario() -> None:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
        await world.client.write(requests.create(NAMESPACES, namespace))
        data = {"url": "https://cd.example.com"}
        metadata = {"name": "argocd-cm", "namespace": "argocd"}
        own: JsonObject = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        await world.client.write(requests.create(CONFIG_MAPS, own))
        for _ in range(2):
            await create_missing(world.client, "argocd")
        found = await world.client.get(requests.Get(CONFIG_MAPS, Key("argocd", "argocd-cm")))
        assert found["data"] == data
        assert "labels" not in found["metadata"]
        for name in SETTINGS[1:]:
            made = await world.client.get(requests.Get(CONFIG_MAPS, Key("argocd", name)))
            assert made["metadata"]["labels"]["app.kubernetes.io/part-of"] == "argocd"
            assert "data" not in made
        pod = await world.client.get(requests.Get(PODS, Key("argocd", REPO_SERVER[0])))
        assert pod["metadata"]["labels"]["app.kubernetes.io/name"] == REPO_SERVER[0]

    with World() as world:
        world.run(scenario())


def test_what_a_quota_refuses_is_created_once_it_permits_it() -> None:
    async def scenario() -> None:
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
        await world.client.write(requests.create(NAMESPACES, namespace))
        metadata = {"name": "none", "namespace": "argocd"}
        quota: JsonObject = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata}
        made = await world.client.write(requests.create(QUOTAS, {**quota, "spec": {"hard": {"pods": "0"}}}))
        supervisor = Supervisor(world.clock, world.rng)
        supervisor.add("part", lambda: create_when_ready(world.client, "argocd", lambda: True, world.clock))
        async with supervisor:
            await world.clock.sleep(10)
            for name in SETTINGS:
                await world.client.get(requests.Get(CONFIG_MAPS, Key("argocd", name)))
            with pytest.raises(StatusError):
                await world.client.get(requests.Get(PODS, Key("argocd", REPO_SERVER[0])))
            await world.client.write(requests.delete(QUOTAS, made, exact=False))
            await world.clock.sleep(300)
            await world.client.get(requests.Get(PODS, Key("argocd", REPO_SERVER[0])))

    with World() as world:
        world.run(scenario())


class Scripted:
    """Sends these bytes, then waits or ends."""

    def __init__(self, *sent: bytes, ends: bool) -> None:
        self._sent, self._ends = [*sent], ends
        self.received = b""

    async def read(self) -> bytes:
        if self._sent:
            return self._sent.pop(0)
        if not self._ends:
            await asyncio.get_running_loop().create_future()
        return b""

    async def write(self, data: bytes) -> None:
        self.received += data


def test_bytes_are_carried_both_ways_until_either_side_ends() -> None:
    async def scenario(*, ends: bool) -> bytes:
        near, far = socket.socketpair()
        far.setblocking(False)
        stream = Scripted(b"a", b"b", ends=ends)
        reader, writer = await asyncio.open_connection(sock=far)
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(carry(stream, near))
            assert await reader.readexactly(2) == b"ab"
            if ends:
                assert await reader.read() == b""
            writer.write(b"answer")
            await writer.drain()
            writer.close()
        return stream.received

    for ends in (True, False):
        assert asyncio.run(scenario(ends=ends)) == b"answer"
