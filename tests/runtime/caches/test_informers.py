"""Caches against the embedded server: complete, ordered, indexed, and not to be stopped by one bad object."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.caches.informer_cache import CHECKED_SECONDS, InformerCache
from argosy.runtime.caches.informers import InformerCaches, without_managed_fields
from tests.kit.world import CONFIG_MAPS, SECRETS, World, config_map, ours


def names(cache: InformerCache, namespace: str = "") -> list[str]:
    return [obj["metadata"]["name"] for obj in ours(cache.list(namespace))]


def test_a_cache_shows_what_is_there_and_what_comes_sorted_by_namespace_and_name() -> None:
    with World() as world:
        world.run(world.client.create(CONFIG_MAPS, config_map("b")))
        cache = world.caches.cache(CONFIG_MAPS)
        world.run(cache.wait_synced())
        world.run(world.client.create(CONFIG_MAPS, config_map("a")))
        world.run(world.client.create(CONFIG_MAPS, config_map("c", "kube-public")))
        world.settle()
        assert names(cache) == ["a", "b", "c"]
        assert names(cache, "kube-public") == ["c"]
        assert cache.get(Key("default", "zz")) is None
        world.run(world.client.delete(CONFIG_MAPS, "a", "default"))
        world.settle()
        assert names(cache) == ["b", "c"]


def test_lists_longer_than_a_page_are_read_whole() -> None:
    with World() as world:
        for number in range(1234):
            world.run(world.client.create(CONFIG_MAPS, config_map(f"n{number:05}")))
        cache = world.caches.cache(CONFIG_MAPS)
        world.run(cache.wait_synced())
        assert names(cache) == [f"n{number:05}" for number in range(1234)]


def test_handlers_see_existing_objects_then_every_change_in_order() -> None:
    with World() as world:
        seen: list[tuple[str, str]] = []

        def note(old: JsonObject | None, new: JsonObject | None) -> None:
            seen.append((old["data"]["v"] if old else "-", new["data"]["v"] if new else "-"))

        world.run(world.client.create(CONFIG_MAPS, config_map("a", v="1")))
        cache = world.caches.cache(CONFIG_MAPS)
        world.run(cache.wait_synced())
        stop = cache.on_change(note)
        world.run(world.client.update(CONFIG_MAPS, config_map("a", v="2")))
        world.run(world.client.delete(CONFIG_MAPS, "a", "default"))
        world.settle()
        assert seen == [("-", "1"), ("1", "2"), ("2", "-")]
        stop()
        world.run(world.client.create(CONFIG_MAPS, config_map("b", v="3")))
        world.settle()
        assert len(seen) == 3


def test_a_handler_that_wants_no_replay_hears_of_changes_alone() -> None:
    with World() as world:
        seen: list[str] = []
        world.run(world.client.create(CONFIG_MAPS, config_map("a", v="1")))
        cache = world.caches.cache(CONFIG_MAPS)
        world.run(cache.wait_synced())
        stop = cache.on_change(lambda old, new: seen.append((new or {})["data"]["v"]), replay=False)
        world.run(world.client.update(CONFIG_MAPS, config_map("a", v="2")))
        world.settle()
        stop()
        world.run(world.client.update(CONFIG_MAPS, config_map("a", v="3")))
        world.settle()
        assert seen == ["2"]


@pytest.mark.parametrize("before", [True, False])
def test_an_index_may_be_added_before_or_after_the_cache_is_filled(before: bool) -> None:
    def by_team(obj: JsonObject) -> list[str]:
        return [obj["data"]["team"]]

    with World() as world:
        cache = world.caches.cache(CONFIG_MAPS)
        if before:
            cache.add_index("team", by_team)
        for name, team in (("a", "red"), ("b", "blue"), ("c", "red")):
            world.run(world.client.create(CONFIG_MAPS, config_map(name, team=team)))
        world.settle()
        cache.add_index("team", by_team)
        assert [obj["metadata"]["name"] for obj in cache.by_index("team", "red")] == ["a", "c"]
        world.run(world.client.update(CONFIG_MAPS, config_map("a", team="blue")))
        world.settle()
        assert [obj["metadata"]["name"] for obj in cache.by_index("team", "blue")] == ["a", "b"]
        assert [obj["metadata"]["name"] for obj in cache.by_index("team", "red")] == ["c"]


def test_an_object_that_an_index_or_a_handler_cannot_read_stops_nothing() -> None:
    def explodes(old: JsonObject | None, new: JsonObject | None) -> None:
        raise KeyError("data")

    with World() as world:
        cache = world.caches.cache(CONFIG_MAPS)
        seen: list[str] = []
        cache.add_index("team", lambda obj: [obj["data"]["team"]])
        cache.on_change(explodes)
        world.settle()
        before = len(cache)
        cache.on_change(lambda old, new: seen.append((new or {})["metadata"]["name"]))
        del seen[:]
        world.run(world.client.create(CONFIG_MAPS, config_map("bad")))
        world.run(world.client.create(CONFIG_MAPS, config_map("good", team="red")))
        world.settle()
        assert seen == ["bad", "good"]
        assert (cache.trouble.bad_objects, cache.trouble.handler_errors) == (before + 1, before + 2)
        assert [obj["metadata"]["name"] for obj in cache.by_index("team", "red")] == ["good"]


def test_what_a_handler_choked_on_is_not_logged_since_it_may_be_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    def quotes(old: JsonObject | None, new: JsonObject | None) -> None:
        raise ValueError(str(new))

    with World() as world:
        world.caches.cache(SECRETS).on_change(quotes)
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"}}
        world.run(world.client.create(SECRETS, {**secret, "stringData": {"password": "canary-8261"}}))
        world.settle()
    assert "ValueError" in caplog.text
    assert "canary-8261" not in caplog.text
    assert "Y2FuYXJ5LTgyNjE" not in caplog.text


def test_one_cache_a_kind_is_shared_and_metadata_only_is_another() -> None:
    with World() as world:
        caches = world.caches
        assert caches.cache(CONFIG_MAPS) is caches.cache(CONFIG_MAPS)
        assert caches.cache(CONFIG_MAPS) is not caches.cache(CONFIG_MAPS, metadata_only=True)


def test_who_reads_another_kind_while_the_caches_stop_meets_no_error() -> None:
    with World() as world:

        async def reads_late() -> None:
            running = asyncio.create_task(caches.run())  # noqa: TID251 stopped below
            await world.clock.sleep(1)
            running.cancel()
            await asyncio.wait({running})
            assert not caches.cache(SECRETS).list()
            assert running.cancelled()

        caches = InformerCaches(world.client, world.clock, world.rng)
        world.run(reads_late())


def test_a_strip_leaves_managed_fields_out_and_the_rest_in() -> None:
    obj = config_map("a", v="1")
    full = {**obj, "metadata": {**obj["metadata"], "managedFields": [{"manager": "x"}]}}
    assert without_managed_fields(full) == obj
    assert "managedFields" in full["metadata"]


def test_a_watch_that_the_server_ends_is_resumed_and_misses_nothing() -> None:
    with World() as world:
        cache = world.caches.cache(CONFIG_MAPS)
        world.run(cache.wait_synced())
        for hour in range(5):
            world.run(world.clock.settle(lambda: False, within=timedelta(hours=1)))
            world.run(world.client.create(CONFIG_MAPS, config_map(f"h{hour}")))
        world.pass_time(60)
        assert names(cache) == [f"h{hour}" for hour in range(5)]


def test_a_cache_that_is_wrong_by_whatever_fault_is_right_again_after_a_while() -> None:
    with World() as world:
        world.run(world.client.create(CONFIG_MAPS, config_map("a")))
        caches = InformerCaches(world.client, world.clock, world.rng)
        cache = caches.cache(CONFIG_MAPS)
        world.supervisor.add("caches of their own", caches.run)
        world.pass_time(5)
        heard: list[str] = []
        cache.on_change(lambda old, new: heard.append((new or old or {})["metadata"]["name"]))
        heard.clear()
        del cache._objects[Key("default", "a")]  # as if the event had never come
        cache._sorted["default"].remove(Key("default", "a"))
        ghost = config_map("ghost")
        cache._take({**ghost, "metadata": {**ghost["metadata"], "uid": "1", "resourceVersion": "1"}})
        world.pass_time(2 * CHECKED_SECONDS)
        assert cache.get(Key("default", "a")) is not None
        assert cache.get(Key("default", "ghost")) is None
        assert sorted(heard) == ["a", "ghost", "ghost"]
