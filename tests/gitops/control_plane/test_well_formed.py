"""Errors of malformed Applications and projects name the field, and no other object is affected (security rule 16)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cli.assembly.installing import control_plane_objects
from argosy.gitops.control_plane.well_formed import WellFormed
from argosy.gitops.keys import APPLICATIONS
from argosy.gitops.model.shapes import APPLICATION, PROJECT, wrong_field
from argosy.machinery.objects import JsonObject, Key
from tests.kit.engine import DEFINITIONS
from tests.kit.world import World

KEY = Key("argocd", "a")


def app(**content: Any) -> JsonObject:
    return {"metadata": {"name": "a", "namespace": "argocd"}, **content}


@pytest.mark.parametrize(
    ("obj", "text"),
    [
        (app(spec="x"), "spec must be an object"),
        (app(spec=[1]), "spec must be an object"),
        (app(status="x"), "status must be an object"),
        (app(spec={"source": "x"}), "spec.source must be an object"),
        (app(spec={"sources": {"a": 1}}), "spec.sources must be a list of objects"),
        (app(spec={"sources": ["x"]}), "spec.sources must be a list of objects"),
        (app(spec={"destination": 3}), "spec.destination must be an object"),
        (app(spec={"syncPolicy": {"syncOptions": [3]}}), "spec.syncPolicy.syncOptions must be a list of strings"),
        (app(spec={"syncPolicy": {"automated": True}}), "spec.syncPolicy.automated must be an object"),
        (app(status={"resources": [None]}), "status.resources must be a list of objects"),
        (app(status={"conditions": "x"}), "status.conditions must be a list of objects"),
        (app(status={"history": [3]}), "status.history must be a list of objects"),
        (app(operation=[]), "operation must be an object"),
        ({"metadata": {"annotations": ["x"]}}, "metadata.annotations must be a map of strings"),
        ({"metadata": {"annotations": {"a": 1}}}, "metadata.annotations must be a map of strings"),
        ({"metadata": {"finalizers": [3]}}, "metadata.finalizers must be a list of strings"),
        (app(), ""),
        (app(spec=None, status=None), ""),
        (app(spec={"source": None, "syncPolicy": {"syncOptions": ["a=b"]}}), ""),
    ],
)
def test_an_application_is_reported_by_the_field_that_is_wrong(obj: JsonObject, text: str) -> None:
    assert wrong_field(obj, APPLICATION) == text


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"sourceRepos": "x"}, "spec.sourceRepos must be a list of strings"),
        ({"destinations": ["x"]}, "spec.destinations must be a list of objects"),
        ({"roles": {}}, "spec.roles must be a list of objects"),
        ({"sourceRepos": ["*"], "destinations": [{}]}, ""),
    ],
)
def test_so_is_a_project(spec: JsonObject, text: str) -> None:
    assert wrong_field(app(spec=spec), PROJECT) == text


class Ordered:
    """What a handler heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[bool, bool]] = []

    def __call__(self, old: JsonObject | None, new: JsonObject | None) -> None:
        self.heard.append((old is not None, new is not None))


def test_a_cache_of_well_formed_objects_shows_no_other(served_applications: World) -> None:
    world = served_applications
    cache = WellFormed(world.caches.cache(APPLICATIONS), lambda obj: wrong_field(obj, {"spec.source": "object"}))
    heard, malformed = Ordered(), list[Key]()
    cache.on_change(heard)
    cache.on_malformed(malformed.append)

    def store(spec: JsonObject) -> None:
        table = world.cluster.store.table("argoproj.io", "applications")
        obj = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", **app(spec=spec)}
        obj["metadata"] = {**obj["metadata"], "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}

        async def put() -> None:
            world.cluster.store.put(table, KEY, obj, table.entries.get(KEY))

        world.run(put())
        world.pass_time(1)

    store({"source": "x"})
    assert (cache.get(KEY), list(cache.list()), len(cache), heard.heard) == (None, [], 0, [])
    assert cache.malformed(KEY) == "spec.source must be an object"
    assert cache.raw(KEY) is not None
    assert malformed == [KEY]
    store({"source": {}})
    assert cache.malformed(KEY) == ""
    assert cache.get(KEY) is not None
    assert heard.heard == [(False, True)]
    store({"source": "x"})
    assert heard.heard == [(False, True), (True, False)]
    assert cache.malformed(KEY)


@pytest.fixture
def served_applications() -> Any:
    with World() as world:
        for obj in control_plane_objects("argocd"):
            if obj["metadata"]["name"] == "applications.argoproj.io":
                world.run(world.client.create(DEFINITIONS, obj))
        world.pass_time(3)
        yield world
