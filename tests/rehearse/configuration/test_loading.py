"""The present configuration put into a copy."""

from __future__ import annotations

from typing import Any

from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, Write
from argosy.machinery.status import StatusError
from argosy.rehearse.configuration.loading import cleaned, load
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.world import CONFIG_MAPS, World

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")


def obj(kind: str, name: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "team", "uid": "u", "resourceVersion": "7", "labels": {"a": "b"}}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def test_objects_come_without_what_their_server_gave_them() -> None:
    made = cleaned({**obj("ConfigMap", "a"), "status": {"x": 1}, "operation": {"sync": {}}})
    assert made == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "team", "labels": {"a": "b"}},
    }


def test_one_object_that_cannot_be_loaded_stops_no_other() -> None:
    owned = obj("ConfigMap", "owned")
    owned["metadata"]["ownerReferences"] = [{"controller": True, "name": "x"}]
    objects = [obj("Unknown", "first"), obj("ConfigMap", "BAD NAME"), owned, obj("ConfigMap", "good", data={"a": "b"})]
    with World() as world:
        problems = world.run(load(world.client, world.clock, objects))
        assert [one.partition(":")[0] for one in problems] == ["ConfigMap team/BAD NAME", "Unknown team/first"]
        found = world.run(world.client.get(Get(CONFIG_MAPS, Key("team", "good"))))
        assert found["data"] == {"a": "b"}
        names = [one["metadata"]["name"] for one in world.run(world.client.list(CONFIG_MAPS, "team")).items]
        assert "owned" not in names, "its owner makes it again"


def test_an_application_continues_from_what_it_deployed_and_not_from_what_it_was_doing() -> None:
    history = [{"id": 1, "revision": "a" * 40, "deployedAt": "2030-01-01T00:00:00Z"}]
    running = {"phase": "Running", "startedAt": "2030-01-01T00:00:00Z", "operation": {"sync": {}}}
    app = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"project": "default", "destination": {}, "source": {"repoURL": "https://git.example.com/a"}},
        "status": {"history": history, "operationState": running, "sync": {"status": "Synced"}},
        "operation": {"sync": {}},
    }
    with World(crds=crds("argo-cd")) as world:
        assert world.run(load(world.client, world.clock, [app])) == []
        found = world.run(world.client.get(Get(APPLICATIONS, Key("argocd", "shop"))))
        assert found["status"]["history"][0]["revision"] == "a" * 40
        assert "operationState" not in found["status"]
        assert "operation" not in found


def test_a_status_that_was_refused_once_is_written_in_the_next_pass() -> None:
    """The second time the object is there already."""
    refused: list[Write] = []

    class Refusing(WrappingClient):
        async def write(self, request: Write) -> JsonObject:
            if request.verb == "patch" and not refused:
                refused.append(request)
                raise StatusError(503, "ServiceUnavailable", "later")
            return await super().write(request)

    history = [{"id": 1, "revision": "a" * 40, "deployedAt": "2030-01-01T00:00:00Z"}]
    app = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"project": "default", "destination": {}, "source": {"repoURL": "https://git.example.com/a"}},
        "status": {"history": history},
    }
    with World(crds=crds("argo-cd")) as world:
        assert world.run(load(Refusing(world.client), world.clock, [app])) == []
        assert refused
        found = world.run(world.client.get(Get(APPLICATIONS, Key("argocd", "shop"))))
        assert found["status"]["history"][0]["revision"] == "a" * 40
