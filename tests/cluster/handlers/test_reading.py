"""Pages of one list agree with each other, whatever happens between them (spec 9.1)."""

from __future__ import annotations

import orjson
import pytest

from argosy.cluster.kind import User
from argosy.cluster.request import ApiRequest, ApiResponse, Options
from argosy.machinery.status import StatusError
from tests.kit.world import CONFIG_MAPS, World, config_map, ours


async def listed(world: World, options: Options, namespace: str = "default") -> ApiResponse:
    kind = world.cluster.catalog.of(CONFIG_MAPS)
    assert kind is not None
    request = ApiRequest(verb="list", kind=kind, user=User("w"), namespace=namespace, options=options)
    return await world.cluster.api.handle(request)


def test_pages_show_one_revision_while_objects_come_change_and_go() -> None:
    async def story(world: World) -> None:
        for name in "abcdef":
            await world.client.create(CONFIG_MAPS, config_map(name))
        first = await listed(world, Options(limit=2))
        await world.client.delete(CONFIG_MAPS, "c", "default")
        await world.client.create(CONFIG_MAPS, config_map("bb"))
        names, token, counts = [], first.body["metadata"]["continue"], [first.body["metadata"]["remainingItemCount"]]
        while token:
            page = await listed(world, Options(limit=2, continue_token=token))
            assert page.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]
            names += [item["metadata"]["name"] for item in ours(page.body["items"])]
            token = page.body["metadata"].get("continue")
            counts.append(page.body["metadata"].get("remainingItemCount", 0))
        assert names == ["c", "d", "e", "f"]
        assert counts == [5, 3, 1, 0]

    with World() as world:
        world.run(story(world))


def test_the_bytes_of_a_list_are_its_body_without_types_of_items() -> None:
    async def story(world: World) -> ApiResponse:
        await world.client.create(CONFIG_MAPS, config_map("a", k="v"))
        return await listed(world, Options())

    with World() as world:
        answer = world.run(story(world))
    assert answer.encoded is not None
    assert orjson.loads(answer.encoded) == answer.body
    assert all("kind" not in item and "apiVersion" not in item for item in answer.body["items"])


def test_a_token_older_than_history_comes_with_a_fresh_one() -> None:
    async def story(world: World) -> list[str]:
        for name in "abcd":
            await world.client.create(CONFIG_MAPS, config_map(name))
        token = (await listed(world, Options(limit=2))).body["metadata"]["continue"]
        await world.client.delete(CONFIG_MAPS, "c", "default")
        world.cluster.store.flush()
        world.cluster.store.compact(world.cluster.store.revision)
        with pytest.raises(StatusError) as refused:
            await listed(world, Options(limit=2, continue_token=token))
        assert refused.value.code == 410
        fresh = refused.value.status["metadata"]["continue"]
        rest = await listed(world, Options(continue_token=fresh))
        return [item["metadata"]["name"] for item in ours(rest.body["items"])]

    with World() as world:
        assert world.run(story(world)) == ["d"]
