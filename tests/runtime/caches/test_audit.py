"""Caches compared with the server in the background."""

from __future__ import annotations

import logging

import pytest

from argosy.machinery.objects import JsonObject, Key
from argosy.observe.metrics import Registry
from argosy.runtime.caches.audit import ROUND, CacheAudit, differing
from argosy.runtime.caches.informer_cache import InformerCache
from tests.kit.world import CONFIG_MAPS, World, config_map, ours

A, B, C = (Key("default", name) for name in "abc")


@pytest.mark.parametrize(
    ("listed", "cached", "wrong"),
    [
        ({A: "3"}, {A: "3"}, []),
        ({A: "3"}, {A: "2"}, [A]),
        ({A: "3"}, {A: "4"}, []),
        ({A: "3", B: "5"}, {A: "3"}, [B]),
        ({A: "3"}, {A: "3", C: "4"}, [C]),
        ({A: "3"}, {A: "3", C: "11"}, []),
        ({A: "x"}, {A: "y"}, [A]),
    ],
    ids=["equal", "stale", "ahead of the list", "missing", "gone", "made after the list", "versions that do not count"],
)
def test_what_is_behind_the_server_differs_and_what_is_ahead_does_not(
    listed: dict[Key, str], cached: dict[Key, str], wrong: list[Key]
) -> None:
    assert sorted(differing(listed, "10", cached)) == wrong


def audited(world: World) -> tuple[InformerCache, CacheAudit, Registry]:
    cache = world.caches.cache(CONFIG_MAPS)
    assert isinstance(cache, InformerCache)
    world.run(cache.wait_synced())
    registry = Registry()
    return cache, CacheAudit(world.client, lambda: [cache], world.clock, registry=registry), registry


def test_a_wrong_cache_is_repaired_counted_and_logged_within_ten_minutes(caplog: pytest.LogCaptureFixture) -> None:
    with World() as world:
        world.run(world.client.create(CONFIG_MAPS, config_map("a", v="secret-canary")))
        world.run(world.client.create(CONFIG_MAPS, config_map("b")))
        cache, audit, registry = audited(world)
        seen: list[tuple[bool, bool]] = []
        right = cache.get(Key("default", "a"))
        assert right is not None
        ghost: JsonObject = {**config_map("ghost"), "metadata": {**right["metadata"], "name": "ghost"}}
        cache.correct(Key("default", "b"), None)
        cache.correct(Key("default", "ghost"), ghost)
        cache.on_change(lambda old, new: seen.append((old is not None, new is not None)))
        seen.clear()
        world.supervisor.add("audit", audit.run)
        with caplog.at_level(logging.WARNING):
            world.pass_time(600)
        assert [obj["metadata"]["name"] for obj in ours(cache.list("default"))] == ["a", "b"]
        assert sorted(seen) == [(False, True), (True, False)]
        assert audit.found.differences == 2
        assert 'argosy_cache_differences_total{resource="configmaps"} 2' in registry.text()
        assert "the cache of configmaps was wrong about 2: default/b, default/ghost" in caplog.text
        assert "canary" not in caplog.text


def test_a_right_cache_is_left_alone_and_each_round_asks_for_one_list() -> None:
    with World() as world:
        world.run(world.client.create(CONFIG_MAPS, config_map("a")))
        cache, audit, _ = audited(world)
        changes: list[object] = []
        cache.on_change(lambda old, new: changes.append(new))
        changes.clear()
        world.supervisor.add("audit", audit.run)
        world.pass_time(2.5 * ROUND)
        assert (audit.found.checks, audit.found.differences, changes) == (2, 0, [])


def test_a_watch_that_is_only_late_is_no_difference() -> None:
    with World() as world:
        world.run(world.client.create(CONFIG_MAPS, config_map("a", v="1")))
        cache, audit, _ = audited(world)
        old = cache.get(Key("default", "a"))
        assert old is not None
        world.run(world.client.update(CONFIG_MAPS, config_map("a", v="2")))
        world.settle()
        new = cache.get(Key("default", "a"))
        cache.correct(Key("default", "a"), old)
        world.clock.call_later(1, lambda: cache.correct(Key("default", "a"), new))  # the watch catches up
        assert world.run(audit.check(cache)) == 0
