"""Ephemeral containers, as `kubectl debug` adds them to a running Pod."""

from __future__ import annotations

from typing import Any

from argosy.cluster.ports import LogOptions
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, key_of
from tests.kit.engine import EngineWorld

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "default"},
    "spec": {"containers": [{"name": "c", "image": "i"}]},
}


def debugged(world: EngineWorld, *words: str) -> JsonObject:
    """The Pod with a debugger that runs these words."""
    pod = world.create(POD)
    world.pass_time(5)
    debugger: dict[str, Any] = {"name": "debugger", "image": "busybox"}
    debugger |= {"command": list(words)} if words else {}
    patch: JsonObject = {"spec": {"ephemeralContainers": [debugger]}}
    resource = world.resource(pod)
    return world.run(
        world.client.patch(resource, "p", "default", patch, PatchType.MERGE, subresource="ephemeralcontainers")
    )


def states(world: EngineWorld, pod: JsonObject) -> JsonObject:
    status = (world.workloads.view.get("pods", key_of(pod)) or {})["status"]
    return {item["name"]: item["state"] for item in status.get("ephemeralContainerStatuses") or ()}


def test_a_debugger_starts_at_once_and_runs_until_its_pod_ends() -> None:
    with EngineWorld(()) as world:
        pod = debugged(world)
        world.pass_time(3600)
        assert "running" in states(world, pod)["debugger"]
        status = (world.workloads.view.get("pods", key_of(pod)) or {})["status"]
        assert status["phase"] == "Running"
        assert {item["type"]: item["status"] for item in status["conditions"]}["Ready"] == "True"


def test_a_debugger_whose_command_ends_is_terminated_and_never_restarted() -> None:
    with EngineWorld(()) as world:
        pod = debugged(world, "sh", "-c", "echo found; sleep 2; exit 3")
        world.pass_time(600)
        assert states(world, pod)["debugger"]["terminated"]["exitCode"] == 3
        found = world.workloads.view.get("pods", key_of(pod)) or {}
        assert found["status"]["ephemeralContainerStatuses"][0]["restartCount"] == 0

        async def printed() -> list[bytes]:
            return [line async for line in world.workloads.logs.read(found, LogOptions(container="debugger"))]

        assert world.run(printed()) == [b"found\n"]
