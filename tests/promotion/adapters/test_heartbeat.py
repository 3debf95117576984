"""The Lease of a controller: while it runs and after it ended, in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.adapters.heartbeat import LEASES, Heartbeat
from argosy.server.kargo.system import heartbeat
from tests.kit.world import NAMESPACES, World

EAST = Key("kargo", "kargo-controller-east")


def heart(world: World, holder: str = "pod-1", shard: str = "east") -> Heartbeat:
    return Heartbeat(world.client, world.clock, namespace="kargo", shard=shard, holder=holder, seconds=120)


def namespace(world: World) -> None:
    body: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kargo"}}
    world.run(world.client.write(requests.create(NAMESPACES, body)))


def beating(world: World, *hearts: Heartbeat, seconds: float) -> list[JsonObject]:
    """The Leases as they stand after so long, while all of them beat; then the last one ends."""

    async def work() -> list[JsonObject]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run()) for one in hearts]
            await world.clock.sleep(seconds)
            found = (await world.client.page(requests.List(resource=LEASES, namespace="kargo"))).items
            tasks[-1].cancel()
            with suppress(asyncio.CancelledError):
                await tasks[-1]
            left = (await world.client.page(requests.List(resource=LEASES, namespace="kargo"))).items
            for task in tasks:
                task.cancel()
        return [*found, *left]

    return list(world.run(work()))


def test_a_controller_is_alive_while_it_runs_and_its_lease_ends_with_it() -> None:
    with World() as world:
        namespace(world)
        began = world.clock.now()
        (lease,) = beating(world, heart(world), seconds=600)

        assert lease["metadata"]["name"] == EAST.name
        assert lease["metadata"]["labels"] == {"kargo.akuity.io/controller": "east"}
        assert lease["spec"]["leaseDurationSeconds"] == 120
        at = began + timedelta(seconds=600)
        assert heartbeat(lease, at)["status"] == "Alive"
        assert heartbeat(lease, at + timedelta(seconds=120))["status"] == "Dead"


def test_without_a_shard_the_lease_is_unnamed() -> None:
    with World() as world:
        namespace(world)
        (lease,) = beating(world, heart(world, shard=""), seconds=1)
        assert lease["metadata"]["name"] == "kargo-controller-unnamed"


def test_a_replica_that_ends_leaves_the_lease_that_another_has_taken_over() -> None:
    with World() as world:
        namespace(world)
        ends, stays = heart(world, "pod-1"), heart(world, "pod-2")

        async def work() -> JsonObject | None:
            async with asyncio.TaskGroup() as group:
                ending = group.create_task(ends.run())
                await world.clock.sleep(1)
                staying = group.create_task(stays.run())
                await world.clock.sleep(1)
                ending.cancel()
                with suppress(asyncio.CancelledError):
                    await ending
                found = await world.client.get(requests.Get(LEASES, EAST))
                staying.cancel()
            return found

        lease = world.run(work())
        assert lease is not None
        assert lease["spec"]["holderIdentity"] == "pod-2"


def test_a_namespace_that_is_not_there_yet_is_no_failure_and_the_next_beat_finds_it() -> None:
    with World() as world:

        async def work() -> list[JsonObject]:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(heart(world).run())
                await world.clock.sleep(1)
                body: JsonObject = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kargo"}}
                await world.client.write(requests.create(NAMESPACES, body))
                await world.clock.sleep(60)
                found = (await world.client.page(requests.List(resource=LEASES, namespace="kargo"))).items
                task.cancel()
            return list(found)

        assert [lease["metadata"]["name"] for lease in world.run(work())] == [EAST.name]
