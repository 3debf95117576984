"""A lister: cache and own writes as one, for objects, lists and indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Annotated, Any

from argosy.apis.schema import Doc, resource
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.runtime.caches.informer import Changed
from argosy.runtime.engine.lister import Lister
from tests.kit.world import CONFIG_MAPS


class ScriptedCache:
    """A cache that shows what a test says."""

    def __init__(self) -> None:
        self.objects: dict[Key, JsonObject] = {}
        self.revision = "1"
        self.synced = True
        self.handlers: list[Changed] = []
        self.followers: list[Callable[[], None]] = []
        self.indexes: dict[str, Callable[[JsonObject], Iterable[str]]] = {}

    @property
    def resource(self) -> Resource:
        return CONFIG_MAPS

    @property
    def seen_up_to(self) -> int:
        return int(self.revision)

    def __len__(self) -> int:
        return len(self.objects)

    def get(self, key: Key) -> JsonObject | None:
        return self.objects.get(key)

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        return [self.objects[key] for key in sorted(self.objects) if namespace in ("", key.namespace)]

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        return [obj for obj in self.list() if value in self.indexes[index](obj)]

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None:
        self.indexes[index] = values

    def covers(self, key: Key) -> bool:
        return True

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        self.handlers.append(handler)
        return lambda: None

    def on_progress(self, handler: Callable[[], None]) -> Callable[[], None]:
        self.followers.append(handler)
        return lambda: None

    async def wait_synced(self) -> None: ...

    def relisted(self, revision: str) -> None:
        self.revision = revision
        for follower in self.followers:
            follower()


def obj(name: str, version: int, namespace: str = "ns", **metadata: Any) -> JsonObject:
    named = {"name": name, "namespace": namespace, "uid": f"u-{name}", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**named, **metadata}}


def made() -> tuple[ScriptedCache, Lister, list[tuple[JsonObject | None, JsonObject | None]]]:
    changes: list[tuple[JsonObject | None, JsonObject | None]] = []
    cache = ScriptedCache()
    lister = Lister(cache, lambda old, new: changes.append((old, new)))
    lister.start()
    return cache, lister, changes


def test_lists_and_indexes_show_own_writes_in_order() -> None:
    cache, lister, _ = made()
    owners = [{"uid": "owner"}]
    cache.objects[Key("ns", "b")] = obj("b", 1, ownerReferences=owners)
    lister.wrote(obj("a", 5, ownerReferences=owners))
    lister.wrote(obj("c", 6, "other"))
    assert [key_of(found).name for found in lister.list()] == ["a", "b", "c"]
    assert [key_of(found).name for found in lister.list("ns")] == ["a", "b"]
    assert [key_of(found).name for found in lister.by_index("owner-uid", "owner")] == ["a", "b"]
    lister.deleted(Key("ns", "b"), "u-b")
    assert [key_of(found).name for found in lister.list("ns")] == ["a"]


def test_an_own_write_that_left_an_index_is_not_found_there() -> None:
    cache, lister, _ = made()
    cache.objects[Key("ns", "a")] = obj("a", 1, ownerReferences=[{"uid": "owner"}])
    lister.wrote(obj("a", 2))
    assert not lister.by_index("owner-uid", "owner")


def test_an_own_write_that_an_index_cannot_read_is_not_found_by_it() -> None:
    _, lister, _ = made()
    lister.add_index("team", lambda found: [found["metadata"]["labels"]["team"]])
    lister.wrote(obj("a", 5))
    lister.wrote(obj("b", 6, labels={"team": "x"}))
    assert [key_of(found).name for found in lister.by_index("team", "x")] == ["b"]


def test_readers_of_an_own_write_that_is_gone_are_woken_after_a_relist() -> None:
    cache, lister, changes = made()
    lister.wrote(obj("a", 5))
    cache.relisted("9")
    assert changes == [(obj("a", 5), None)]
    assert lister.get(Key("ns", "a")) is None


def test_an_own_deletion_of_what_the_cache_never_showed_is_reported_at_once() -> None:
    cache, lister, changes = made()
    lister.wrote(obj("a", 5))
    lister.deleted(Key("ns", "a"), "u-a")
    assert changes == [(obj("a", 5), None)]
    assert lister.get(Key("ns", "a")) is None
    cache.relisted("9")
    assert changes == [(obj("a", 5), None)]


def test_what_was_written_is_found_by_an_index_of_later_until_the_cache_has_passed_it() -> None:
    cache, lister, _ = made()
    lister.wrote(obj("a", 5, labels={"team": "x"}))
    lister.add_index("team", lambda found: [found["metadata"].get("labels", {}).get("team", "")])
    assert [key_of(found).name for found in lister.by_index("team", "x")] == ["a"]
    cache.objects[Key("ns", "a")] = obj("a", 7, labels={"team": "y"})
    assert not lister.by_index("team", "x")
    assert [key_of(found).name for found in lister.by_index("team", "y")] == ["a"]
    lister.wrote(obj("a", 9, labels={"team": "z"}))
    assert not lister.by_index("team", "y")
    assert [key_of(found).name for found in lister.by_index("team", "z")] == ["a"]


@resource("", "v1", plural="configmaps")
class Map:
    """A view for this test."""

    data: Annotated[dict[str, str], Doc("Values.")] = field(default_factory=dict)


def test_a_view_is_read_once_for_each_version() -> None:
    _, lister, _ = made()
    first, second = obj("a", 1), {**obj("a", 2), "data": {"x": "1"}}
    assert lister.view(Map, first) is lister.view(Map, first)
    assert lister.view(Map, second).data == {"x": "1"}
