"""Followed logs: each line once, those of the last moment too."""

from __future__ import annotations

from argosy.cluster.ports import LogOptions
from argosy.machinery.objects import key_of
from tests.kit.engine import EngineWorld

SCRIPT = "echo a; sleep 2; echo b; sleep 1; echo c"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "default"},
    "spec": {
        "restartPolicy": "Never",
        "containers": [
            {"name": "c", "image": "i", "command": ["sh", "-c", "echo a; sleep 2; echo b; sleep 1; echo c"]}
        ],
    },
}


def test_each_line_comes_once_and_the_last_before_the_end() -> None:
    with EngineWorld(()) as world:
        pod = world.create(POD)
        world.pass_time(0.5)

        async def followed() -> list[bytes]:
            found = world.workloads.view.get("pods", key_of(pod))
            assert found is not None
            return [line async for line in world.workloads.logs.read(found, LogOptions(container="c", follow=True))]

        assert world.run(followed()) == [b"a\n", b"b\n", b"c\n"]
