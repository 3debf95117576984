"""Requests in turns of some controllers, by kind, name and code."""

from __future__ import annotations

import pytest

from argosy.machinery import requests
from argosy.machinery.objects import Key
from argosy.machinery.status import StatusError
from argosy.observe.metrics import Registry
from argosy.runtime.clients.clientset_metrics import NAME, CountedTurns
from argosy.runtime.clients.fencing import WORKING_ON, Turn
from tests.kit.world import CONFIG_MAPS, World, config_map


def test_only_turns_of_its_controllers_are_counted_with_what_came_of_them() -> None:
    registry = Registry()
    with World(seed=7) as world:
        client = CountedTurns(world.client, frozenset({"rollout"}), registry)

        async def story() -> None:
            await client.write(requests.create(CONFIG_MAPS, config_map("before")))
            WORKING_ON.set(Turn("certificate", Key("a", "b"), lambda key: True))
            await client.write(requests.create(CONFIG_MAPS, config_map("theirs")))
            WORKING_ON.set(Turn("rollout", Key("a", "b"), lambda key: True))
            await client.write(requests.create(CONFIG_MAPS, config_map("ours")))
            with pytest.raises(StatusError):
                await client.get(requests.Get(CONFIG_MAPS, Key("default", "absent")))

        world.run(story())

    shown = [line for line in registry.text().splitlines() if line.startswith(NAME)]
    assert shown == [
        f'{NAME}{{kind="configmaps",namespace="default",name="absent",verb="Get",status_code="404"}} 1',
        f'{NAME}{{kind="configmaps",namespace="default",name="ours",verb="Create",status_code="201"}} 1',
    ]
