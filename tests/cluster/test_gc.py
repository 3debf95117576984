"""Dependents follow their owners (spec 11); every story runs in virtual time to its end."""

from __future__ import annotations

import pytest

from argosy.cluster.gc import judge
from argosy.machinery.api import Propagation
from argosy.machinery.objects import JsonObject
from tests.kit.world import CONFIG_MAPS, World, config_map, ours


def owned(name: str, *owners: JsonObject, blocking: bool = False, finalizers: tuple[str, ...] = ()) -> JsonObject:
    obj = config_map(name)
    obj["metadata"]["ownerReferences"] = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            **({"blockOwnerDeletion": True} if blocking else {}),
        }
        for owner in owners
    ]
    if finalizers:
        obj["metadata"]["finalizers"] = list(finalizers)
    return obj


async def names(world: World) -> list[str]:
    await world.clock.sleep(1)
    page = await world.client.list(CONFIG_MAPS, "default")
    return [item["metadata"]["name"] for item in ours(page.items)]


@pytest.mark.parametrize(("policy", "left"), [("Background", []), ("Foreground", []), ("Orphan", ["b", "c"])])
def test_a_tree_is_deleted_according_to_the_policy(policy: Propagation, left: list[str]) -> None:
    async def story(world: World) -> list[str]:
        first = await world.client.create(CONFIG_MAPS, config_map("a"))
        second = await world.client.create(CONFIG_MAPS, owned("b", first, blocking=True))
        await world.client.create(CONFIG_MAPS, owned("c", second, blocking=True))
        await world.client.delete(CONFIG_MAPS, "a", "default", propagation=policy)
        return await names(world)

    with World() as world:
        assert world.run(story(world)) == left


def test_foreground_waits_for_blocking_dependents_only() -> None:
    async def story(world: World) -> None:
        held = ("example.com/hold",)
        one = await world.client.create(CONFIG_MAPS, config_map("blocked"))
        await world.client.create(CONFIG_MAPS, owned("b1", one, blocking=True, finalizers=held))
        two = await world.client.create(CONFIG_MAPS, config_map("free"))
        await world.client.create(CONFIG_MAPS, owned("b2", two, finalizers=held))
        for name in ("blocked", "free"):
            await world.client.delete(CONFIG_MAPS, name, "default", propagation="Foreground")
        assert await names(world) == ["b1", "b2", "blocked"]
        waiting = await world.client.read(CONFIG_MAPS, "b1", "default")
        released = {**waiting, "metadata": {**waiting["metadata"], "finalizers": []}}
        await world.client.update(CONFIG_MAPS, released)
        assert await names(world) == ["b2"]

    with World() as world:
        world.run(story(world))


def test_a_second_owner_keeps_the_dependent_and_loses_the_dangling_reference() -> None:
    async def story(world: World) -> None:
        one = await world.client.create(CONFIG_MAPS, config_map("one"))
        two = await world.client.create(CONFIG_MAPS, config_map("two"))
        await world.client.create(CONFIG_MAPS, owned("kept", one, two))
        await world.client.delete(CONFIG_MAPS, "one", "default")
        assert await names(world) == ["kept", "two"]
        kept = await world.client.read(CONFIG_MAPS, "kept", "default")
        assert [owner["name"] for owner in kept["metadata"]["ownerReferences"]] == ["two"]
        await world.client.delete(CONFIG_MAPS, "two", "default")
        assert await names(world) == []

    with World() as world:
        world.run(story(world))


def test_an_owner_of_another_uid_counts_as_absent() -> None:
    async def story(world: World) -> list[str]:
        await world.client.create(CONFIG_MAPS, config_map("a"))
        await world.client.create(CONFIG_MAPS, owned("b", {"metadata": {"name": "a", "uid": "another"}}))
        return await names(world)

    with World() as world:
        assert world.run(story(world)) == ["a"]


def test_a_cycle_of_foreground_deletions_ends() -> None:
    async def story(world: World) -> list[str]:
        one = await world.client.create(CONFIG_MAPS, config_map("one"))
        two = await world.client.create(CONFIG_MAPS, owned("two", one, blocking=True))
        references = owned("one", two, blocking=True)["metadata"]["ownerReferences"]
        fresh = await world.client.read(CONFIG_MAPS, "one", "default")
        await world.client.update(
            CONFIG_MAPS, {**fresh, "metadata": {**fresh["metadata"], "ownerReferences": references}}
        )
        await world.client.delete(CONFIG_MAPS, "one", "default", propagation="Foreground")
        return await names(world)

    with World() as world:
        assert world.run(story(world)) == []


def test_an_owner_of_a_kind_that_is_not_served_decides_nothing() -> None:
    obj = {"metadata": {"ownerReferences": [{"uid": "u"}]}}
    assert judge(obj, ["unknown"], has_dependents=False, in_cycle=False).delete == ""
    assert judge(obj, ["absent"], has_dependents=False, in_cycle=False).delete == "Background"
