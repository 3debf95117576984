"""The present configuration put into a copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from argosy.apis import crds
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.requests import Get, Write
from argosy.machinery.status import StatusError
from argosy.promotion.kinds import FREIGHT, WAREHOUSES
from argosy.rehearse.configuration.loading import cleaned, load
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.promotion import PromotionWorld
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


def test_present_freight_is_loaded_before_its_warehouse_creates_the_same_again(tmp_path: Path) -> None:
    """Admission asks for the Warehouse first, and Freight that the Warehouse creates would lack alias and history."""
    with PromotionWorld(tmp_path) as world:
        commits = [world.write("repo", {"a.txt": text}) for text in "xy"]
        url = world.repository("repo")
        kargo = "kargo.akuity.io/v1alpha1"
        spec = {"interval": "5m", "subscriptions": [{"git": {"repoURL": url, "branch": "main"}}]}
        project = {"apiVersion": kargo, "kind": "Project", "metadata": {"name": "demo"}}
        warehouse = {
            "apiVersion": kargo,
            "kind": "Warehouse",
            "metadata": {"name": "w", "namespace": "demo"},
            "spec": spec,
        }
        freight = [
            {
                "apiVersion": kargo,
                "kind": "Freight",
                "metadata": {
                    "name": f"f-{alias}",
                    "namespace": "demo",
                    "creationTimestamp": f"2030-01-0{day}T00:00:00Z",
                },
                "alias": alias,
                "origin": {"kind": "Warehouse", "name": "w"},
                "commits": [{"repoURL": url, "id": commit, "branch": "main", "message": "as it was known then"}],
                "status": {"verifiedIn": {"test": {"verifiedAt": "2030-01-03T00:00:00Z"}}},
            }
            for day, (alias, commit) in enumerate(zip(("first-one", "second-one"), commits, strict=True), 1)
        ]

        problems = world.run(load(world.kubectl, world.clock, [*freight, warehouse, project]))
        world.run(world.clock.sleep(1800))

        assert problems == []
        found = [world.get(FREIGHT, Key("demo", name)) or {} for name in world.freight()]
        assert [one["alias"] for one in found] == ["first-one", "second-one"]
        assert all("test" in one["status"]["verifiedIn"] for one in found)
        held = world.get(WAREHOUSES, Key("demo", "w")) or {}
        assert held["spec"]["freightCreationPolicy"] == "Automatic"
        assert held["status"]["discoveredArtifacts"]["git"], "it discovers as before"
