"""Large lists and beginnings of watches are made as they are taken: a slow client holds one piece (security rule 2)."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import yaml

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.handlers import reading
from argosy.cluster.handlers.reading import MANY, PIECE
from argosy.cluster.http import resources
from argosy.cluster.http.assembly import ClusterFront, Keys, Settings
from argosy.cluster.kind import User
from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import Resource
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.cluster.http.test_assembly import KEYS
from tests.kit.verbs import verbs

COUNT = MANY + 100
PATH = "/api/v1/namespaces/default/configmaps"
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")


def with_many(story: Callable[[EmbeddedCluster, ClusterFront], Awaitable[None]], count: int = COUNT) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        if not KEYS:
            KEYS.append(Keys.make(clock.now()))
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            client = verbs(cluster.client("root", ("system:masters",)))
            for number in range(count):
                metadata = {"name": f"c-{number}", "namespace": "default"}
                obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"x": "y" * 2000}}
                await client.create(CONFIG_MAPS, obj)
            settings = Settings(tokens={"root": User("root", ("system:masters",))})
            await story(cluster, ClusterFront(cluster, KEYS[0], settings))

    run_virtual(main)


async def ask(front: ClusterFront, path: str, accept: str = "application/json") -> Any:
    status, _, body = await front.front.send("GET", path, {"authorization": "Bearer root", "accept": accept}, b"")
    assert status == 200
    return body


async def whole(body: Any) -> bytes:
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])


def test_a_large_list_comes_in_pieces_and_is_the_same_as_in_one() -> None:
    async def story(cluster: EmbeddedCluster, front: ClusterFront) -> None:
        body = await ask(front, PATH)
        assert not isinstance(body, bytes)
        pieces = [piece async for piece in body]
        assert len(pieces) > 3
        assert max(map(len, pieces)) < PIECE + 10_000
        found = json.loads(b"".join(pieces))
        kept = json.loads(await whole(await ask(front, f"{PATH}?limit={MANY - 1}")))
        assert found["items"][: MANY - 1] == kept["items"]
        assert len(found["items"]) >= COUNT
        assert found["kind"] == "ConfigMapList"
        assert "kind" not in found["items"][0]
        pretty = json.loads(await whole(await ask(front, f"{PATH}?pretty=true")))
        assert pretty["items"] == found["items"]

    with_many(story)


@pytest.mark.parametrize("cold", [False, True])
def test_objects_that_are_held_as_bytes_stay_bytes(cold: bool) -> None:
    async def story(cluster: EmbeddedCluster, front: ClusterFront) -> None:
        table = cluster.store.table("", "configmaps")
        await cluster.clock.sleep(1.0)  # until all who follow the store have seen the last one
        if cold:
            for entry in table.entries.values():
                entry.cool()
        assert len(json.loads(await whole(await ask(front, PATH)))["items"]) >= COUNT
        assert sum(entry.is_decoded for entry in table.entries.values()) == (0 if cold else len(table.entries))

    with_many(story)


TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"


@pytest.mark.parametrize(("accept", "query"), [(TABLE, ""), ("application/yaml", ""), ("application/json", "pretty=1")])
def test_what_cannot_be_made_in_pieces_is_made_outside_the_loop_and_is_the_same(
    monkeypatch: pytest.MonkeyPatch, accept: str, query: str
) -> None:
    places = list[str]()

    def noting(module: Any, name: str) -> None:
        real = getattr(module, name)

        def noted(*given: Any) -> Any:
            places.append(threading.current_thread().name)
            return real(*given)

        monkeypatch.setattr(module, name, noted)

    async def story(cluster: EmbeddedCluster, front: ClusterFront) -> None:
        for entry in cluster.store.table("", "configmaps").entries.values():
            entry.cool()
        few = await whole(await ask(front, f"{PATH}?limit={MANY - 1}&{query}", accept))
        noting(reading, "_item")
        noting(resources, "_encoded")
        many = await whole(await ask(front, f"{PATH}?{query}", accept))
        kept, found = (yaml.safe_load(body) if "yaml" in accept else json.loads(body) for body in (few, many))
        part = "rows" if accept == TABLE else "items"
        assert found[part][: MANY - 1] == kept[part]
        assert len(found[part]) >= COUNT

    with_many(story)
    assert len(places) > COUNT
    assert threading.main_thread().name not in places


def test_a_list_that_nobody_takes_makes_nothing() -> None:
    async def story(cluster: EmbeddedCluster, front: ClusterFront) -> None:
        body = await ask(front, PATH)
        assert len(await anext(body)) < PIECE + 10_000
        await body.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(body)

    with_many(story)


def test_a_watch_begins_in_pieces_too() -> None:
    async def story(cluster: EmbeddedCluster, front: ClusterFront) -> None:
        query = "watch=true&timeoutSeconds=5&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        body = await ask(front, f"{PATH}?{query}&allowWatchBookmarks=true")
        first = await anext(body)
        assert len(first) < PIECE + 10_000
        lines = [json.loads(line) for line in (first + await whole(body)).splitlines()]
        kinds = [line["type"] for line in lines]
        assert kinds.count("ADDED") >= COUNT
        ends = [line["object"]["metadata"].get("annotations") for line in lines if line["type"] == "BOOKMARK"]
        assert ends[0] == {"k8s.io/initial-events-end": "true"}

    with_many(story)
