"""What a watcher sees (spec 9.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from argosy.cluster.kind import User
from argosy.cluster.request import ApiRequest, Frame, Options
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from tests.kit.world import CONFIG_MAPS, World, config_map


def watch(world: World, **options: Any) -> AsyncIterator[list[Frame]]:
    kind = world.cluster.catalog.of(CONFIG_MAPS)
    assert kind is not None
    request = ApiRequest(verb="watch", kind=kind, user=User("w"), namespace="default", options=Options(**options))
    return world.cluster.api.watch(request)


def seen(frames: list[Frame]) -> list[tuple[str, str]]:
    return [(frame.event.type, frame.event.object["metadata"].get("name", "")) for frame in frames]


def labelled(name: str, value: str) -> JsonObject:
    obj = config_map(name)
    obj["metadata"]["labels"] = {"a": value}
    return obj


def test_a_selector_turns_changes_into_arrivals_and_departures() -> None:
    async def story(world: World) -> list[tuple[str, str, str]]:
        start = str(world.cluster.store.revision)
        found: list[Frame] = []
        stream = watch(world, resource_version=start, label_selector="a=1")
        created = await world.client.create(CONFIG_MAPS, labelled("c", "0"))
        for value in ("1", "1", "2"):
            created = {**created, "metadata": {**created["metadata"], "labels": {"a": value}}, "data": {"v": value * 2}}
            created["data"]["n"] = (
                str(len(created["metadata"]["resourceVersion"])) + created["metadata"]["resourceVersion"]
            )
            created = await world.client.update(CONFIG_MAPS, created)
        async for frames in stream:
            found += frames
            if len(found) >= 3:
                break
        last = created["metadata"]["resourceVersion"]
        gone = found[-1].event.object["metadata"]
        assert gone["labels"] == {"a": "1"}, "the last state that matched"
        assert gone["resourceVersion"] == last, "under the revision of the departure"
        return [(*pair, "") for pair in seen(found)]

    with World() as world:
        assert [kind for kind, _, _ in world.run(story(world))] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_watch_list_ends_its_beginning_with_a_bookmark_even_when_empty() -> None:
    async def story(world: World) -> list[Frame]:
        stream = watch(
            world,
            label_selector="nobody=here",
            send_initial_events=True,
            resource_version_match="NotOlderThan",
            allow_bookmarks=True,
        )
        return await anext(stream)

    with World() as world:
        (bookmark,) = world.run(story(world))
    assert bookmark.event.type == "BOOKMARK"
    assert bookmark.event.object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(bookmark.event.object["metadata"]["resourceVersion"]) > 0


def test_a_compacted_revision_is_expired() -> None:
    async def story(world: World) -> None:
        await world.client.create(CONFIG_MAPS, config_map("a"))
        world.cluster.store.compact(world.cluster.store.revision)
        await anext(watch(world, resource_version="1"))

    with World() as world, pytest.raises(StatusError) as refused:
        world.run(story(world))
    assert (refused.value.code, refused.value.reason) == (410, "Expired")


def test_a_watcher_that_falls_behind_gets_an_error() -> None:
    async def story(world: World) -> None:
        stream = watch(world, resource_version=str(world.cluster.store.revision))
        await world.client.create(CONFIG_MAPS, config_map("a"))
        await world.clock.sleep(0)
        assert seen(await anext(stream)) == [("ADDED", "a")]
        await world.client.create(CONFIG_MAPS, config_map("b"))
        await world.clock.sleep(0)
        world.cluster.store.compact(world.cluster.store.revision)
        await anext(stream)

    with World() as world, pytest.raises(StatusError) as refused:
        world.run(story(world))
    assert refused.value.code == 410


def test_bookmarks_come_each_minute_and_before_the_end_and_the_watch_ends_by_itself() -> None:
    async def story(world: World) -> list[float]:
        start, times = world.clock.now(), []
        stream = watch(
            world, resource_version=str(world.cluster.store.revision), allow_bookmarks=True, timeout_seconds=130
        )
        async for frames in stream:
            assert {kind for kind, _ in seen(frames)} == {"BOOKMARK"}
            times.append((world.clock.now() - start).total_seconds())
        assert (world.clock.now() - start).total_seconds() == 130
        return times

    with World() as world:
        assert world.run(story(world)) == [60, 120, 128]


def test_all_watchers_share_one_serialisation() -> None:
    async def story(world: World) -> list[Frame]:
        start = str(world.cluster.store.revision)
        streams = [watch(world, resource_version=start) for _ in range(3)]
        await world.client.create(CONFIG_MAPS, config_map("a"))
        return [(await anext(stream))[0] for stream in streams]

    with World() as world:
        first, *others = world.run(story(world))
    assert all(other.encoded is first.encoded for other in others)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"resource_version_match": "NotOlderThan", "resource_version": "1"}, "resourceVersionMatch"),
        ({"send_initial_events": True}, "resourceVersionMatch"),
        ({"send_initial_events": True, "resource_version_match": "Exact"}, "resourceVersionMatch"),
    ],
)
def test_options_that_contradict_are_refused(options: dict[str, Any], field: str) -> None:
    async def story(world: World) -> None:
        await anext(watch(world, **options))

    with World() as world, pytest.raises(StatusError) as refused:
        world.run(story(world))
    assert refused.value.code == 422
    assert refused.value.causes[0].field == field
