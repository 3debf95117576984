"""A terminal in a simulated Pod of this process, by the channels that a real one has."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from argosy.cli.apiserver import api_server
from argosy.cli.assembly.shells import Shells
from argosy.cli.place import HOST, free_port
from argosy.machinery import requests
from argosy.machinery.objects import Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock

PODS = Resource("", "v1", "pods", "Pod")
QUERY = [("container", "web"), ("command", "sh"), ("stdin", "true"), ("stdout", "true"), ("tty", "true")]
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {
        "containers": [{"name": "web", "image": "registry.example/web:1", "env": [{"name": "LEVEL", "value": "high"}]}]
    },
}


def is_running(pod: Any) -> bool:
    return any(
        "running" in (one.get("state") or {}) for one in (pod.get("status") or {}).get("containerStatuses") or ()
    )


async def running_pod(client: Any, clock: RealClock) -> None:
    await client.write(requests.create(PODS, POD))
    while not is_running(await client.get(requests.Get(PODS, Key("default", "web")))):
        await clock.sleep(0.02)


async def read_until(shell: Any, text: str) -> str:
    said = ""
    while text not in said:
        found = await shell.receive()
        assert found is not None, said
        said += found[1].decode()
    return said


def test_a_simulated_pod_has_a_shell_that_answers_and_ends(tmp_path: Path) -> None:
    async def story() -> None:
        clock = RealClock()
        async with api_server(tmp_path, HOST, free_port(), clock, SystemRng()) as api:
            await running_pod(api.client, clock)
            shells = Shells(api.workloads.pod_runtime)
            assert shells.are_of(api.client)
            async with shells.opened(api.client, "default", "web", QUERY) as shell:
                await read_until(shell, "$ ")
                await shell.send(4, b'{"Width": 80, "Height": 24}')
                await shell.send(0, b"printenv LEVEL\r")
                assert "high\r\n" in await read_until(shell, "high\r\n$ ")
                await shell.send(0, b"exit\r")
                found = [one async for one in _rest(shell)]
            assert orjson.loads(found[-1][1])["status"] == "Success"

    asyncio.run(asyncio.wait_for(story(), 120))


async def _rest(shell: Any) -> Any:
    while (found := await shell.receive()) is not None:
        yield found


@pytest.mark.parametrize(
    ("namespace", "pod", "container", "status"),
    [("default", "other", "web", 404), ("default", "web", "other", 400)],
)
def test_a_shell_of_what_is_not_there_is_refused(
    tmp_path: Path, namespace: str, pod: str, container: str, status: int
) -> None:
    async def story() -> None:
        clock = RealClock()
        async with api_server(tmp_path, HOST, free_port(), clock, SystemRng()) as api:
            await running_pod(api.client, clock)
            shells = Shells(api.workloads.pod_runtime)
            with pytest.raises(StatusError) as raised:
                async with contextlib.AsyncExitStack() as stack:
                    query = [("container", container), *QUERY[1:]]
                    await stack.enter_async_context(shells.opened(api.client, namespace, pod, query))
            assert raised.value.code == status

    asyncio.run(asyncio.wait_for(story(), 120))


def test_without_simulated_pods_a_cluster_of_this_process_has_no_shells(tmp_path: Path) -> None:
    async def story() -> None:
        async with api_server(tmp_path, HOST, free_port(), RealClock(), SystemRng()) as api:
            assert not Shells().are_of(api.client)

    asyncio.run(asyncio.wait_for(story(), 120))
