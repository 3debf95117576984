"""Writes to the status of a custom resource: what they may not change is neither read nor judged, and stays."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from tests.kit.world import World

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
THINGS = Resource("example.test", "v1", "things", "Thing")


def definition() -> JsonObject:
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer"}}},
            "status": {
                "type": "object",
                "properties": {
                    "count": {"type": "integer"},
                    "deep": {
                        "type": "object",
                        "properties": {"filled": {"type": "string", "default": "by the server"}},
                    },
                },
            },
        },
    }
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": "example.test", "scope": "Namespaced", "names": names, "versions": [version]}
    metadata = {"name": "things.example.test"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def thing() -> JsonObject:
    metadata = {"name": "a", "namespace": "default"}
    return {"apiVersion": "example.test/v1", "kind": "Thing", "metadata": metadata, "spec": {"size": 1}}


def patched(*patches: JsonObject) -> JsonObject:
    """The thing after these merge patches of its status."""
    with World() as world:
        world.run(world.client.create(DEFINITIONS, definition()))
        world.settle()
        found = world.run(world.client.create(THINGS, thing()))
        for patch in patches:
            asked = world.client.patch(THINGS, "a", "default", patch, PatchType.MERGE, subresource="status")
            found = world.run(asked)
        return found


def test_the_spec_stays_and_the_status_is_filled() -> None:
    found = patched({"status": {"count": 2, "deep": {}}})
    assert found["spec"] == {"size": 1}
    assert found["status"] == {"count": 2, "deep": {"filled": "by the server"}}
    assert found["metadata"]["generation"] == 1


def test_a_spec_that_is_sent_along_is_not_taken() -> None:
    found = patched({"spec": {"size": 7}, "status": {"count": 2}})
    assert (found["spec"], found["status"]) == ({"size": 1}, {"count": 2})


def test_fields_keep_their_order() -> None:
    found = patched({"status": {"count": 1}}, {"status": {"count": 2}})
    assert list(found) == ["kind", "apiVersion", "metadata", "spec", "status"]


@pytest.mark.parametrize("status", [{"count": "many"}, {"deep": 3}])
def test_a_status_against_the_schema_is_refused(status: dict[str, Any]) -> None:
    with pytest.raises(StatusError, match="status"):
        patched({"status": status})
