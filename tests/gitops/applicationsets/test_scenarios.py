"""ApplicationSets in virtual time, on the embedded cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from argosy.apis import crds
from argosy.gitops.applicationsets import ApplicationSets
from argosy.gitops.applicationsets.recording import APPLICATION_SETS
from argosy.gitops.keys import APPLICATIONS
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.port import Unavailable
from kit.world import CONFIG_MAPS, NAMESPACES, SECRETS, World

REPO = "https://git.example/fleet.git"
CRDS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
SERVER = "https://kubernetes.default.svc"


class NoHosting:
    def repositories(self, *_: Any) -> Any:
        raise AssertionError

    pull_requests = call = repositories


@dataclass
class Bench:
    world: World
    git: ScriptedGit
    sets: ApplicationSets

    def create(self, obj: JsonObject, resource: Resource = APPLICATION_SETS) -> None:
        self.world.run(self.world.client.create(resource, obj))

    def patch(self, patch: JsonObject, name: str = "fleet", resource: Resource = APPLICATION_SETS, **more: Any) -> None:
        self.world.run(self.world.client.patch(resource, name, "argocd", patch, PatchType.MERGE, **more))

    def apps(self) -> list[str]:
        return [app["metadata"]["name"] for app in self.sets.plane.applications.list("argocd")]

    def app(self, name: str) -> JsonObject:
        return self.sets.plane.applications.get(Key("argocd", name)) or {}

    def status(self) -> JsonObject:
        found: JsonObject = (self.sets.sets.get(Key("argocd", "fleet")) or {}).get("status") or {}
        return found

    def condition(self, kind: str) -> JsonObject:
        return next((item for item in self.status().get("conditions") or () if item["type"] == kind), {})

    def shows(self, name: str, health: str, sync: str = "Synced", **state: Any) -> None:
        """What the controller of Applications would write."""
        app = self.app(name)
        source = app["spec"]["source"]
        self.patch(
            {
                "operation": None,
                "status": {
                    "sync": {
                        "status": sync,
                        "revision": "a" * 40,
                        "comparedTo": {"source": source, "destination": app["spec"]["destination"]},
                    },
                    "health": {"status": health},
                    "reconciledAt": self.now(),
                    **state,
                },
            },
            name,
            APPLICATIONS,
        )

    def now(self) -> str:
        return self.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with World(seed=7) as world:
        for crd in crds():
            world.run(world.client.create(CRDS, crd))
        for name in ("argocd", "team"):
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            world.run(world.client.create(NAMESPACES, namespace))
        parameters = {"applicationsetcontroller.enable.progressive.syncs": "true"}
        metadata = {"name": "argocd-cmd-params-cm", "namespace": "argocd"}
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": parameters}
        world.run(world.client.create(CONFIG_MAPS, config))
        world.pass_time(2)
        git, nobody = ScriptedGit(), NoHosting()
        sets = ApplicationSets(world.client, world.caches, git, nobody, nobody, world.clock, world.rng)
        world.supervisor.add("applicationsets", sets.run)
        git.push(REPO, {"apps/a/x.yaml": "", "apps/b/x.yaml": ""})
        yield Bench(world, git, sets)


def appset(generators: list[JsonObject], name: str = "{{name}}", **spec: Any) -> JsonObject:
    template: JsonObject = {
        "metadata": {"name": name, "labels": {"env": "{{env}}"} if name == "{{name}}" else None},
        "spec": {
            "project": "default",
            "source": {"repoURL": REPO, "path": "conf", "targetRevision": "main"},
            "destination": {"server": SERVER, "namespace": "default"},
            "syncPolicy": {"automated": {"prune": True}},
        },
    }
    template["metadata"] = {key: value for key, value in template["metadata"].items() if value}
    metadata = {"name": "fleet", "namespace": "argocd"}
    given = {"generators": generators, "template": template, **spec}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": metadata, "spec": given}


def listed(*names: str, **more: str) -> JsonObject:
    return {"list": {"elements": [{"name": name, "env": more.get(name, "dev")} for name in names]}}


FOLDERS = {"git": {"repoURL": REPO, "revision": "HEAD", "directories": [{"path": "apps/*"}]}}


def test_applications_follow_the_list_and_carry_their_owner(bench: Bench) -> None:
    bench.create(appset([listed("a", "b")]))
    bench.world.run_until(lambda: bench.apps() == ["a", "b"])
    metadata = bench.app("a")["metadata"]
    assert metadata["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]
    assert metadata["labels"] == {"env": "dev"}
    assert (metadata["ownerReferences"][0]["kind"], metadata["ownerReferences"][0]["name"]) == (
        "ApplicationSet",
        "fleet",
    )
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    assert bench.condition("ErrorOccurred")["status"] == "False"
    assert bench.status()["health"]["status"] == "Healthy"
    bench.patch({"spec": {"generators": [listed("b", "c", b="prod")]}})
    bench.world.run_until(lambda: bench.app("b")["metadata"]["labels"] == {"env": "prod"})
    bench.world.run_until(lambda: bool(bench.app("a")["metadata"].get("deletionTimestamp")) and "c" in bench.apps())


def test_a_second_look_at_an_unchanged_world_writes_nothing(bench: Bench) -> None:
    bench.create(appset([FOLDERS], name="{{path.basename}}"))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    bench.world.pass_time(5)
    before = bench.sets.sets.get(Key("argocd", "fleet"))
    asked = bench.sets.asking.count
    bench.world.pass_time(400)
    assert bench.sets.sets.get(Key("argocd", "fleet")) == before
    assert bench.sets.asking.count == asked + 2


def test_a_new_folder_is_an_application_after_three_minutes_at_most(bench: Bench) -> None:
    bench.create(appset([FOLDERS], name="{{path.basename}}"))
    bench.world.run_until(lambda: bench.apps() == ["a", "b"])
    bench.git.push(REPO, {"apps/a/x.yaml": "", "apps/b/x.yaml": "", "apps/c/x.yaml": ""})
    bench.world.pass_time(185)
    assert bench.apps() == ["a", "b", "c"]


def test_a_refresh_annotation_asks_the_generators_at_once(bench: Bench) -> None:
    bench.create(appset([FOLDERS], name="{{path.basename}}"))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    bench.git.push(REPO, {"apps/a/x.yaml": "", "apps/b/x.yaml": "", "apps/c/x.yaml": ""})
    bench.patch({"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}})
    bench.world.pass_time(2)
    assert bench.apps() == ["a", "b", "c"]
    assert not (bench.sets.sets.get(Key("argocd", "fleet")) or {})["metadata"].get("annotations")


def test_a_generator_that_fails_deletes_nothing_and_says_why(bench: Bench) -> None:
    bench.create(appset([FOLDERS, listed("x")], name="{{path.basename}}{{name}}", goTemplate=False))
    bench.create(
        {
            **appset([FOLDERS], name="g-{{.path.basename}}", goTemplate=True),
            "metadata": {"name": "go", "namespace": "argocd"},
        }
    )
    bench.world.run_until(lambda: "g-a" in bench.apps() or bool(bench.condition("ErrorOccurred")))
    bench.world.pass_time(2)
    before = bench.apps()
    bench.git.fail(REPO, Unavailable("the remote is down"))
    bench.world.pass_time(200)
    assert bench.apps() == before
    go = (bench.sets.sets.get(Key("argocd", "go")) or {})["status"]
    told = next(item for item in go["conditions"] if item["type"] == "ErrorOccurred")
    assert (told["status"], told["reason"]) == ("True", "ApplicationGenerationFromParamsError")
    assert "the remote is down" in told["message"]
    assert go["health"]["status"] == "Degraded"
    bench.git.fail(REPO, None)
    bench.world.pass_time(200)
    go = (bench.sets.sets.get(Key("argocd", "go")) or {})["status"]
    assert go["health"]["status"] == "Healthy"


def test_a_cluster_secret_makes_an_application_without_delay(bench: Bench) -> None:
    bench.create(appset([{"clusters": {"values": {"env": "x"}}}], name="app-{{nameNormalized}}"))
    bench.world.run_until(lambda: bench.apps() == ["app-in-cluster"])
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    metadata = {"name": "east", "namespace": "argocd", "labels": labels}
    data = {"name": "East_1", "server": "https://east.example"}
    bench.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}, SECRETS)
    bench.world.pass_time(2)
    assert bench.apps() == ["app-east-1", "app-in-cluster"]


def test_with_a_no_delete_policy_applications_survive_their_set(bench: Bench) -> None:
    bench.create(appset([listed("a")], syncPolicy={"applicationsSync": "create-update"}))
    bench.world.run_until(lambda: bench.apps() == ["a"])
    bench.patch({"spec": {"generators": [listed()]}})
    bench.world.pass_time(5)
    assert bench.apps() == ["a"]
    bench.world.run(bench.world.client.delete(APPLICATION_SETS, "fleet", "argocd"))
    bench.world.pass_time(60)
    assert bench.sets.sets.get(Key("argocd", "fleet")) is None
    assert bench.apps() == ["a"]
    assert not bench.app("a")["metadata"].get("ownerReferences")
    assert not bench.app("a")["metadata"].get("deletionTimestamp")


def test_deleting_a_set_deletes_its_applications(bench: Bench) -> None:
    bench.create(appset([listed("a")], syncPolicy={"preserveResourcesOnDeletion": True}))
    bench.world.run_until(lambda: bench.apps() == ["a"])
    assert not bench.app("a")["metadata"].get("finalizers")
    bench.world.run(bench.world.client.delete(APPLICATION_SETS, "fleet", "argocd"))
    bench.world.run_until(lambda: bench.apps() == [])


def test_an_unknown_cluster_leaves_only_its_application_out_and_its_deletion_does_not_hang(bench: Bench) -> None:
    elements = [{"name": "a", "env": "x"}, {"name": "b", "env": "x"}]
    made = appset([{"list": {"elements": elements}}])
    made["spec"]["template"]["spec"]["destination"] = {"name": "c-{{name}}", "namespace": "default"}
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    metadata = {"name": "east", "namespace": "argocd", "labels": labels}
    data = {"name": "c-a", "server": "https://east.example"}
    bench.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}, SECRETS)
    bench.create(made)
    bench.world.run_until(lambda: bench.condition("ErrorOccurred").get("status") == "True")
    assert bench.apps() == ["a"]
    assert bench.condition("ErrorOccurred")["reason"] == "ApplicationValidationError"
    assert "c-b" in bench.condition("ErrorOccurred")["message"]
    bench.world.run(bench.world.client.delete(SECRETS, "east", "argocd"))
    bench.world.pass_time(5)
    assert bench.apps() == ["a"]
    bench.patch({"spec": {"generators": [listed()]}})
    bench.world.run_until(lambda: bench.apps() == [])


def test_a_rolling_sync_goes_step_by_step_and_waits_for_health(bench: Bench) -> None:
    steps = [
        {"matchExpressions": [{"key": "env", "operator": "In", "values": ["dev"]}]},
        {"matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}], "maxUpdate": 1},
    ]
    strategy = {"type": "RollingSync", "rollingSync": {"steps": steps}}
    bench.create(appset([listed("d", "p1", "p2", p1="prod", p2="prod")], strategy=strategy))
    bench.world.run_until(lambda: bool(bench.app("d").get("operation")))
    assert bench.app("d")["spec"]["syncPolicy"]["automated"] == {"prune": True, "enabled": False}
    assert bench.app("d")["operation"]["sync"] == {"prune": True}
    assert bench.app("d")["operation"]["initiatedBy"] == {"automated": True, "username": "applicationset-controller"}
    bench.world.pass_time(30)
    assert not bench.app("p1").get("operation")
    assert phases(bench) == {"d": "Pending", "p1": "Waiting", "p2": "Waiting"}

    bench.shows("d", "Progressing", operationState=state(bench))
    bench.world.run_until(lambda: phases(bench)["d"] in ("Waiting", "Progressing", "Pending"))
    bench.world.pass_time(3)
    bench.shows("d", "Healthy", operationState=state(bench))
    bench.world.run_until(lambda: phases(bench)["d"] == "Healthy" and bool(bench.app("p1").get("operation")))
    bench.world.pass_time(30)
    assert not bench.app("p2").get("operation")
    assert bench.condition("RolloutProgressing")["status"] == "True"

    bench.shows("p1", "Healthy", operationState=state(bench))
    bench.world.run_until(lambda: bool(bench.app("p2").get("operation")))
    bench.shows("p2", "Healthy", operationState=state(bench))
    bench.world.run_until(lambda: bench.condition("RolloutProgressing")["status"] == "False")
    assert set(phases(bench).values()) == {"Healthy"}


def test_a_set_elsewhere_is_served_only_when_its_namespace_is_named_and_its_project_lets_it(bench: Bench) -> None:
    elsewhere = appset([listed("a")])
    elsewhere["metadata"]["namespace"] = "team"
    bench.create(elsewhere)
    bench.world.pass_time(5)
    key = Key("team", "fleet")
    assert "status" not in (bench.sets.sets.get(key) or {})
    bench.patch({"data": {"applicationsetcontroller.namespaces": "te*"}}, "argocd-cmd-params-cm", CONFIG_MAPS)
    bench.world.run_until(lambda: bool((bench.sets.sets.get(key) or {}).get("status")))
    told = (bench.sets.sets.get(key) or {})["status"]["conditions"][0]
    assert "namespace 'team' is not permitted to use project 'default'" in told["message"]
    with pytest.raises(StatusError):
        bench.world.run(bench.world.client.get(APPLICATIONS, "a", "team"))


def test_a_preview_tells_what_would_happen_and_does_nothing(bench: Bench) -> None:
    bench.create(appset([listed("a", "b")]))
    bench.world.run_until(lambda: bench.apps() == ["a", "b"])
    bench.world.pass_time(2)
    seen = bench.world.run(bench.sets.preview(appset([listed("b", "c", b="prod")])))
    assert [app["metadata"]["name"] for app in seen.created] == ["c"]
    assert [change.wanted["metadata"]["labels"] for change in seen.changed] == [{"env": "prod"}]
    assert [app["metadata"]["name"] for app in seen.deleted] == ["a"]
    bench.world.pass_time(5)
    assert bench.apps() == ["a", "b"]


def phases(bench: Bench) -> dict[str, str]:
    return {item["application"]: item["status"] for item in bench.status().get("applicationStatus") or ()}


def state(bench: Bench) -> JsonObject:
    operation = {"sync": {}}
    return {"startedAt": bench.now(), "finishedAt": bench.now(), "phase": "Succeeded", "operation": operation}
