"""The main job, in virtual time, on the embedded cluster with the real renderer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from argosy.apis import crds
from argosy.apis.kubernetes import known
from argosy.gitops import GitOps
from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.render.cache import RenderCache
from argosy.render.inputs import AnswerBook
from argosy.render.pool import RenderPool
from argosy.render.renderer import WorkerRenderer
from argosy.sources.git.scripted import ScriptedGit
from kit.world import CONFIG_MAPS, World

REPO = "https://git.example/app.git"
CRDS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False)
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)


def config(name: str, value: str, **annotations: str) -> str:
    marks = "".join(f'\n    argocd.argoproj.io/{k.replace("_", "-")}: "{v}"' for k, v in annotations.items())
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"
    return head + (f"  annotations:{marks}\n" if marks else "") + f"data:\n  value: {value}\n"


def application(name: str = "app", **spec: Any) -> JsonObject:
    given = {
        "project": "default",
        "source": {"repoURL": REPO, "path": "conf", "targetRevision": "main"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    metadata = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": given | spec}


@dataclass
class Bench:
    world: World
    git: ScriptedGit
    gitops: GitOps
    cache: RenderCache

    def create(self, obj: JsonObject, resource: Resource = APPLICATIONS) -> None:
        self.world.run(self.world.client.create(resource, obj))

    def patch(self, name: str, patch: JsonObject, resource: Resource = APPLICATIONS, namespace: str = "argocd") -> None:
        self.world.run(self.world.client.patch(resource, name, namespace, patch, PatchType.MERGE))

    def app(self, name: str = "app") -> JsonObject:
        return self.gitops.plane.applications.get(Key("argocd", name)) or {}

    def value(self, name: str) -> str | None:
        found = self.world.caches.cache(CONFIG_MAPS).get(Key("default", name))
        return found["data"]["value"] if found else None

    def phase(self) -> str:
        return str(((self.app().get("status") or {}).get("operationState") or {}).get("phase") or "")

    def synced(self, name: str = "app") -> bool:
        status = self.app(name).get("status") or {}
        return (status.get("sync") or {}).get("status") == "Synced" and not self.app(name).get("operation")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with World(seed=7) as world:
        for crd in crds():
            world.run(world.client.create(CRDS, crd))
        world.run(
            world.client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
        )
        world.pass_time(2)
        book, git = AnswerBook(), ScriptedGit()
        pool, cache = RenderPool(world.clock, book, size=1), RenderCache(b"k" * 32)
        renderer = WorkerRenderer(pool, cache, book, world.clock)
        gitops = GitOps(world.client, world.caches, renderer, git, NoCharts(), world.clock, world.rng, known)
        world.supervisor.add("gitops", gitops.run)
        git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two")})
        try:
            yield Bench(world, git, gitops, cache)
        finally:
            pool.close()


class NoCharts:
    async def resolve(self, *_: Any) -> str:
        raise AssertionError

    async def tree(self, *_: Any) -> Any:
        raise AssertionError


def test_an_application_is_synced_follows_commits_prunes_and_heals(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    assert (bench.value("a"), bench.value("b")) == ("one", "two")
    assert bench.app()["status"]["health"]["status"] == "Healthy"
    assert bench.app()["status"]["operationState"]["phase"] == "Succeeded"
    assert len(bench.app()["status"]["history"]) == 1

    bench.git.push(REPO, {"conf/a.yaml": config("a", "three")})
    bench.world.run_until(lambda: bench.value("a") == "three" and bench.value("b") is None)

    bench.patch("a", {"data": {"value": "drift"}}, CONFIG_MAPS, "default")
    bench.world.run_until(lambda: bench.value("a") == "three")
    bench.world.run_until(bench.synced)


def test_a_project_that_forbids_the_destination_says_so(bench: Bench) -> None:
    metadata = {"name": "narrow", "namespace": "argocd"}
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "elsewhere"}]}
    bench.create(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}, PROJECTS
    )
    bench.create(application(project="narrow"))
    bench.world.run_until(lambda: bool((bench.app().get("status") or {}).get("conditions")))
    condition = bench.app()["status"]["conditions"][0]
    assert condition["type"] == "InvalidSpecError"
    assert "do not match any of the allowed destinations in project 'narrow'" in condition["message"]
    assert bench.value("a") is None


def test_deleting_with_the_finalizer_takes_the_objects_along(bench: Bench) -> None:
    app = application()
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    bench.create(app)
    bench.world.run_until(bench.synced)
    bench.world.run(bench.world.client.delete(APPLICATIONS, "app", "argocd"))
    bench.world.run_until(lambda: not bench.app())
    assert bench.value("a") is None


def test_a_revision_that_does_not_exist_is_a_comparison_error_and_others_go_on(bench: Bench) -> None:
    source = {"repoURL": REPO, "path": "conf", "targetRevision": "nope"}
    bench.create(application("bad", source=source))
    bench.create(application("app"))
    bench.world.run_until(lambda: bench.synced() and bool((bench.app("bad").get("status") or {}).get("conditions")))
    condition = bench.app("bad")["status"]["conditions"][0]
    assert condition["type"] == "ComparisonError"
    assert "unable to resolve 'nope' to a commit SHA" in condition["message"]
    assert bench.app("bad")["status"]["sync"]["status"] == "Unknown"


def test_an_unrelated_commit_costs_no_render_and_no_write(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(300)
    renders, writes = bench.cache.counters.renders, bench.gitops.status_writes
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two"), "x": "y"})
    bench.world.pass_time(600)
    assert (bench.cache.counters.renders, bench.gitops.status_writes) == (renders, writes)


def test_a_refresh_is_one_write(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(5)
    writes = bench.gitops.status_writes
    bench.patch("app", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}})
    bench.world.run_until(
        lambda: "argocd.argoproj.io/refresh" not in (bench.app()["metadata"].get("annotations") or {})
    )
    bench.world.pass_time(5)
    assert bench.gitops.status_writes == writes + 1


def test_waves_wait_for_one_another_by_two_seconds(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two", sync_wave="1")})
    bench.create(application())
    first = bench.world.run_until(lambda: bench.value("a") == "one")
    second = bench.world.run_until(lambda: bench.value("b") == "two")
    assert (second - first).total_seconds() >= 2


def test_a_missing_namespace_is_made_when_asked_and_objects_apply_server_side(bench: Bench) -> None:
    destination = {"name": "in-cluster", "namespace": "fresh"}
    policy = {"automated": {}, "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"]}
    bench.create(application(destination=destination, syncPolicy=policy))
    bench.world.run_until(bench.synced)
    found = bench.world.run(bench.world.client.get(CONFIG_MAPS, "a", "fresh"))
    assert found["data"] == {"value": "one"}
    managers = {(e["manager"], e["operation"]) for e in found["metadata"]["managedFields"]}
    assert managers == {("argocd-controller", "Apply")}


def test_a_kind_without_definition_fails_with_the_words_to_search_for(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/w.yaml": "apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: w\n"})
    bench.create(application(syncPolicy={"automated": {}, "retry": {"limit": 0}}))
    bench.world.run_until(
        lambda: ((bench.app().get("status") or {}).get("operationState") or {}).get("phase") == "Failed"
    )
    message = bench.app()["status"]["operationState"]["message"]
    assert message.startswith("one or more synchronization tasks are not valid")
    assert 'Make sure the "Widget" CRD is installed on the destination cluster.' in message


def test_a_failed_sync_waits_between_attempts_and_tells_how_often_it_tried(bench: Bench) -> None:
    destination = {"name": "in-cluster", "namespace": "absent"}
    policy = {"automated": {}, "retry": {"limit": 2, "backoff": {"duration": "10s"}}}
    bench.create(application(destination=destination, syncPolicy=policy))
    bench.world.run_until(
        lambda: ((bench.app().get("status") or {}).get("operationState") or {}).get("phase") == "Failed"
    )
    state = bench.app()["status"]["operationState"]
    assert state["retryCount"] == 2
    assert state["message"].endswith("(retried 2 times)")
    assert 'namespaces "absent" not found' in state["message"]
    bench.world.pass_time(1)
    assert any(c["type"] == "SyncError" for c in bench.app()["status"]["conditions"])


class DiesAfterWrite:
    """The n-th write is done and its answer lost, with all that the process remembered."""

    def __init__(self, inner: Any, number: int) -> None:
        self.inner, self.left = inner, number
        self.on_death: Any = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in ("create", "patch", "update", "apply", "delete"):
            return found

        async def write(*args: Any, **more: Any) -> Any:
            answer = await found(*args, **more)
            self.left -= 1
            if self.left == 0:
                self.on_death()
                raise ConnectionError("the answer was lost")
            return answer

        return write


@pytest.mark.parametrize("number", range(1, 9))
def test_a_crash_after_any_write_ends_in_the_same_state(bench: Bench, number: int) -> None:
    gitops = bench.gitops
    client = DiesAfterWrite(bench.world.client, number)

    def forget() -> None:
        gitops.desk.memory.clear()
        gitops.desk.written.clear()
        gitops.live._written.clear()
        gitops.manifests._prepared.clear()

    client.on_death = forget
    gitops.desk.client = gitops.applier._client = client
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two", sync_wave="1")})
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    assert (bench.value("a"), bench.value("b")) == ("one", "two")
    state = bench.app()["status"]["operationState"]
    assert state["phase"] == "Succeeded"
    assert [item["id"] for item in bench.app()["status"]["history"]] == [0]
    assert len(state["syncResult"]["resources"]) == 2
