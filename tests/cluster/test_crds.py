"""Definitions at work: served at once, over a restart too, and gone with their instances (spec 12)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from argosy.cluster.server import EmbeddedCluster
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs
from tests.kit.world import World

DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False)
WIDGETS = Resource("example.com", "v1", "widgets", "Widget")


def definition(plural: str = "widgets", kind: str = "Widget") -> JsonObject:
    size: JsonObject = {"type": "integer", "default": 3}
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": size}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": plural, "kind": kind}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.example.com"},
        "spec": spec,
    }


def widget(name: str, **metadata: Any) -> JsonObject:
    place = {"name": name, "namespace": "default", **metadata}
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": place, "spec": {}}


def conditions(found: JsonObject) -> dict[str, str]:
    return {item["type"]: item["status"] for item in found["status"]["conditions"]}


def test_a_definition_is_served_by_the_next_request() -> None:
    async def story(world: World) -> None:
        await world.client.create(DEFINITIONS, definition())
        stored = await world.client.create(WIDGETS, widget("a"))
        assert stored["spec"] == {"size": 3}
        found = await world.client.read(DEFINITIONS, "widgets.example.com")
        assert conditions(found) == {"NamesAccepted": "True", "Established": "True"}

    with World() as world:
        world.run(story(world))


def test_a_taken_kind_waits_until_it_is_free() -> None:
    async def story(world: World) -> None:
        await world.client.create(DEFINITIONS, definition())
        await world.client.create(DEFINITIONS, definition("gadgets"))
        found = await world.client.read(DEFINITIONS, "gadgets.example.com")
        assert conditions(found)["Established"] == "False"
        await world.client.delete(DEFINITIONS, "widgets.example.com")
        await world.clock.sleep(5)
        found = await world.client.read(DEFINITIONS, "gadgets.example.com")
        assert conditions(found)["Established"] == "True"

    with World() as world:
        world.run(story(world))


def test_a_definition_is_deleted_after_its_instances_and_refuses_new_ones_meanwhile() -> None:
    async def story(world: World) -> None:
        await world.client.create(DEFINITIONS, definition())
        await world.client.create(WIDGETS, widget("a"))
        held = await world.client.create(WIDGETS, widget("held", finalizers=["example.com/hold"]))
        await world.client.delete(DEFINITIONS, "widgets.example.com")
        with pytest.raises(StatusError, match="create not allowed while custom resource definition is terminating"):
            await world.client.create(WIDGETS, widget("late"))
        await world.clock.sleep(30)
        left = await world.client.list(WIDGETS, "default")
        assert [item["metadata"]["name"] for item in left.items] == ["held"]
        held = left.items[0]
        await world.client.update(WIDGETS, {**held, "metadata": {**held["metadata"], "finalizers": []}})
        await world.clock.sleep(1)
        with pytest.raises(StatusError):
            await world.client.read(DEFINITIONS, "widgets.example.com")
        with pytest.raises(StatusError):
            await world.client.list(WIDGETS, "default")

    with World() as world:
        world.run(story(world))


def test_a_watch_ends_with_its_kind() -> None:
    async def story(world: World) -> list[str]:
        await world.client.create(DEFINITIONS, definition())
        await world.client.create(WIDGETS, widget("a"))
        revision = str(world.cluster.store.revision)
        stream = world.client.watch(WIDGETS, "default", resource_version=revision)
        await world.client.delete(DEFINITIONS, "widgets.example.com")
        return [event.type async for event in stream]

    with World() as world:
        assert world.run(story(world)) == ["DELETED"]


def test_custom_kinds_are_served_after_a_restart(tmp_path: Path) -> None:
    async def first(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng, data_dir=tmp_path) as cluster:
            await verbs(cluster.client("me")).create(DEFINITIONS, definition())
            await verbs(cluster.client("me")).create(WIDGETS, widget("a"))

    async def second(clock: VirtualClock, rng: SeededRng) -> JsonObject:
        async with EmbeddedCluster(clock=clock, rng=rng, data_dir=tmp_path) as cluster:
            return await verbs(cluster.client("me")).read(WIDGETS, "a", "default")

    run_virtual(first)
    assert run_virtual(second)["spec"] == {"size": 3}


def test_a_definition_is_compiled_again_only_when_its_spec_changed() -> None:
    async def story(world: World) -> None:
        for plural, kind in (("widgets", "Widget"), ("gadgets", "Gadget")):
            await world.client.create(DEFINITIONS, definition(plural, kind))
        revision = world.cluster.catalog.revision
        found = await world.client.read(DEFINITIONS, "widgets.example.com")
        found = {**found, "metadata": {**found["metadata"], "labels": {"team": "us"}}}
        found = await world.client.update(DEFINITIONS, found)
        assert world.cluster.catalog.revision == revision
        (version,) = found["spec"]["versions"]
        spec = {**found["spec"], "versions": [{**version, "deprecated": True}]}
        await world.client.update(DEFINITIONS, {**found, "spec": spec})
        assert world.cluster.catalog.revision == revision + 1

    with World() as world:
        world.run(story(world))


def test_a_column_whose_path_cannot_be_read_is_empty_and_keeps_nothing_from_being_served() -> None:
    async def story(world: World) -> None:
        made = definition()
        columns = [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {"name": "Odd", "type": "string", "jsonPath": ".spec[?("},
        ]
        made["spec"]["versions"][0]["additionalPrinterColumns"] = columns
        await world.client.create(DEFINITIONS, made)
        assert (await world.client.create(WIDGETS, widget("a")))["spec"] == {"size": 3}

    with World() as world:
        world.run(story(world))


def test_a_fork_serves_the_definitions_of_its_origin_and_compiles_them_no_more() -> None:
    async def story(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng) as origin:
            await verbs(origin.client("me")).create(DEFINITIONS, definition())
            of_origin = origin.catalog.find("example.com", "v1", "widgets")
            async with origin.fork(clock=clock, rng=rng.fork("copy")) as copy:
                assert copy.catalog.find("example.com", "v1", "widgets") is of_origin
                await verbs(copy.client("me")).delete(DEFINITIONS, "widgets.example.com")
                await clock.sleep(10)
                assert copy.catalog.find("example.com", "v1", "widgets") is None
                assert origin.catalog.find("example.com", "v1", "widgets") is of_origin

    run_virtual(story)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_definition_named_as_a_kind_of_the_servers_own_changes_nothing_of_it(version: str) -> None:
    """It would write past the guards of that kind, and take all of its objects along when it goes."""
    group = "rbac.authorization.k8s.io"
    roles = Resource(group, "v1", "clusterroles", "ClusterRole", namespaced=False)
    role = {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": "kept"}, "rules": []}
    names = {"plural": "clusterroles", "singular": "clusterrole", "kind": "ClusterRole", "listKind": "ClusterRoleList"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": version, "served": True, "storage": True, "schema": schema}]
    shadow = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"clusterroles.{group}",
            "annotations": {"api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/1"},
        },
        "spec": {"group": group, "scope": "Cluster", "names": names, "versions": versions},
    }

    async def story(world: World) -> None:
        await world.client.create(roles, role)
        await world.client.create(DEFINITIONS, shadow)
        served = [found for found in (await world.client.served()).resources if found.plural == "clusterroles"]
        assert served == [roles]
        await world.client.delete(DEFINITIONS, f"clusterroles.{group}")
        await world.clock.sleep(60)
        assert (await world.client.read(roles, "kept"))["metadata"]["name"] == "kept"
        with pytest.raises(StatusError, match="not found"):
            await world.client.read(DEFINITIONS, f"clusterroles.{group}")

    with World() as world:
        world.run(story(world))
