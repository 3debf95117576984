"""Custom objects under server-side apply are compared by the schema that their definition gives (spec 4.2)."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from argosy.gitops.clusters.schemas import ServedSchemas
from argosy.gitops.keys import FIELD_MANAGER
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.clock import RealClock
from argosy.runtime.slices import Slices
from tests.kit.gitops import CRDS, REPO, Bench, application

GATES = Resource("example.com", "v1", "gates", "Gate")


def definition(**more: JsonObject) -> JsonObject:
    ports = {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "number": {"type": "integer"}},
        },
    }
    spec = {"type": "object", "properties": {"ports": ports, "note": {"type": "string"}, **more}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "gates.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"kind": "Gate", "plural": "gates"},
            "versions": [version],
        },
    }


def gate(spec: str) -> str:
    return f"apiVersion: example.com/v1\nkind: Gate\nmetadata: {{name: a}}\nspec: {spec}\n"


def synced(bench: Bench, spec: str, *, options: tuple[str, ...] = ("ServerSideApply=true",)) -> None:
    bench.create(definition(), CRDS)
    bench.git.push(REPO, {"conf/a.yaml": gate(spec)})
    bench.create(application(syncPolicy={"automated": {}, "syncOptions": list(options)}))
    bench.world.run_until(bench.synced)


def add(bench: Bench, spec: JsonObject) -> None:
    """As another controller does."""
    obj = {"apiVersion": "example.com/v1", "kind": "Gate", "metadata": {"name": "a", "namespace": "default"}}
    bench.world.run(bench.world.client.apply(GATES, {**obj, "spec": spec}, field_manager="somebody"))


def test_list_items_that_another_manager_adds_are_no_difference(bench: Bench) -> None:
    synced(bench, "{ports: [{name: web, number: 80}]}")
    add(bench, {"ports": [{"name": "admin", "number": 81}]})
    bench.refresh()
    assert bench.sync_status() == "Synced"
    found = bench.get(GATES, "a")
    assert found is not None
    assert [port["name"] for port in found["spec"]["ports"]] == ["web", "admin"]


def test_a_field_that_the_source_drops_is_a_difference_and_is_removed(bench: Bench) -> None:
    synced(bench, "{note: old, ports: [{name: web, number: 80}]}")
    bench.git.push(REPO, {"conf/a.yaml": gate("{ports: [{name: web, number: 80}]}")})
    bench.refresh()
    bench.world.run_until(bench.synced)
    found = bench.get(GATES, "a")
    assert found is not None
    assert "note" not in found["spec"]
    assert [entry["manager"] for entry in found["metadata"]["managedFields"]] == [FIELD_MANAGER]


def test_a_definition_is_read_once_and_again_when_it_changed(bench: Bench) -> None:
    synced(bench, "{ports: [{name: web, number: 80}]}")
    schemas = bench.gitops.clusters.here.schemas
    first = schemas.schema("example.com", "v1", "Gate")
    bench.refresh()
    assert schemas.schema("example.com", "v1", "Gate") is not None
    assert schemas.schema("example.com", "v1", "Gate") == first
    changed = definition(extra={"type": "string"})["spec"]["versions"]
    patch = bench.world.client.patch(CRDS, "gates.example.com", "", {"spec": {"versions": changed}}, PatchType.MERGE)
    bench.world.run(patch)
    bench.world.pass_time(2)
    bench.refresh()
    second = schemas.schema("example.com", "v1", "Gate")
    assert second is not None
    assert first is not None
    assert second.revision != first.revision
    assert "extra" in second.node.properties["spec"].properties


def test_nothing_is_read_for_objects_that_are_applied_client_side_and_have_no_lists_of_objects(bench: Bench) -> None:
    synced(bench, "{note: plain}", options=())
    assert bench.gitops.clusters.here.schemas.schema("example.com", "v1", "Gate") is None
    assert bench.gitops.context.memory[Key("argocd", "app")].comparer.computed > 0


@pytest.mark.parametrize("options", [(), ("ServerSideApply=true",)], ids=["three-way", "server-side apply"])
def test_a_default_inside_the_items_of_a_list_is_no_difference(bench: Bench, options: tuple[str, ...]) -> None:
    item = {"type": "object", "properties": {"k": {"type": "string"}, "d": {"type": "string", "default": "x"}}}
    bench.create(definition(l={"type": "array", "items": item}), CRDS)
    bench.git.push(REPO, {"conf/a.yaml": gate("{l: [{k: a}]}")})
    bench.create(application(syncPolicy={"automated": {}, "syncOptions": list(options)}))
    bench.world.run_until(bench.synced)
    bench.refresh()
    assert bench.sync_status() == "Synced"
    bench.git.push(REPO, {"conf/a.yaml": gate("{l: [{k: b}]}")})
    bench.refresh()
    bench.world.run_until(bench.synced)
    found = bench.get(GATES, "a")
    assert found is not None
    assert found["spec"]["l"] == [{"k": "b", "d": "x"}]


class Ticking(RealClock):
    """A machine that is so slow that a millisecond passes whenever it is asked for the time."""

    def __init__(self) -> None:
        self.time = 0.0

    def monotonic(self) -> float:
        self.time += 0.001
        return self.time


def test_a_large_definition_is_compiled_slice_by_slice() -> None:
    wide = {f"f{number}": {"type": "object", "properties": {"a": {"type": "string"}}} for number in range(500)}
    read = {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": wide}}}]}}

    async def get(asked: object) -> JsonObject:
        return read

    live: Any = SimpleNamespace(
        kinds=SimpleNamespace(preferred=lambda group, kind: SimpleNamespace(plural="gates")),
        get=lambda key: {"metadata": {"resourceVersion": "1"}},
    )
    known: Any = SimpleNamespace(node=lambda group, version, kind: None)
    client: Any = SimpleNamespace(get=get)
    schemas, slices = ServedSchemas(known, live, client), Slices(Ticking())
    asyncio.run(schemas.prepare([("example.com", "Gate")], slices))
    found = schemas.schema("example.com", "v1", "Gate")
    assert found is not None
    assert len(found.node.properties) == 500 + 3
    assert slices.cuts > 20
