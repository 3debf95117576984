"""The main job, in virtual time, on the embedded cluster with the real renderer."""

from __future__ import annotations

import pytest

from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.machinery.objects import JsonObject
from argosy.machinery.requests import Write
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.gitops import REPO, Bench, application, config, project
from tests.kit.world import CONFIG_MAPS


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
    found = bench.world.run(bench.world.client.read(CONFIG_MAPS, "a", "fresh"))
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


def test_a_failed_sync_waits_between_attempts_and_says_how_often_it_tried(bench: Bench) -> None:
    destination = {"name": "in-cluster", "namespace": "absent"}
    policy = {"automated": {}, "retry": {"limit": 2, "backoff": {"duration": "10s"}}}
    bench.create(application(destination=destination, syncPolicy=policy))
    bench.world.run_until(
        lambda: ((bench.app().get("status") or {}).get("operationState") or {}).get("phase") == "Failed"
    )
    state = bench.app()["status"]["operationState"]
    assert state["retryCount"] == 2
    assert state["message"].endswith("(retried 2 times).")
    assert 'namespaces "absent" not found' in state["message"]
    bench.world.pass_time(1)
    assert any(c["type"] == "SyncError" for c in bench.app()["status"]["conditions"])


class DiesAfterWrite(WrappingClient):
    """The n-th write is done and its answer lost, and nothing that comes after it arrives."""

    def __init__(self, inner: Client, number: int) -> None:
        super().__init__(inner)
        self.left = number

    @property
    def is_dead(self) -> bool:
        return self.left <= 0

    async def write(self, request: Write) -> JsonObject:
        if self.is_dead:
            raise ConnectionError("the process is dead")
        answer = await super().write(request)
        self.left -= not request.dry_run
        if self.is_dead:
            raise ConnectionError("the answer was lost")
        return answer


@pytest.mark.parametrize("number", range(1, 12))
def test_a_crash_after_any_write_ends_in_the_same_state(bench: Bench, number: int) -> None:
    client = DiesAfterWrite(bench.world.client, number)
    bench.kill()
    bench.client = client
    bench.start()
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "two", sync_wave="1")})
    bench.create(application())
    bench.world.run_until(lambda: client.is_dead)
    bench.kill()
    bench.client = bench.world.client
    bench.start()
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    assert (bench.value("a"), bench.value("b")) == ("one", "two")
    state = bench.app()["status"]["operationState"]
    assert state["phase"] == "Succeeded"
    assert [item["id"] for item in bench.app()["status"]["history"]] == [0]
    assert len(state["syncResult"]["resources"]) == 2


def test_a_sync_that_changes_nothing_is_still_followed_by_a_newer_comparison(bench: Bench) -> None:
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    for _ in range(2):
        bench.world.pass_time(60)
        bench.sync()
        bench.world.run_until(lambda: bench.phase() == "Succeeded" and bench.synced())
        bench.world.pass_time(2)
        assert bench.status()["reconciledAt"] >= bench.state()["finishedAt"]


def test_a_changed_spec_is_followed_by_a_newer_comparison_though_nothing_else_changes(bench: Bench) -> None:
    """Terraform's provider waits for another `reconciledAt` after each update."""
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    before = bench.status()["reconciledAt"]
    bench.patch("app", {"spec": {"revisionHistoryLimit": 7}})
    bench.world.pass_time(5)
    after = bench.status()["reconciledAt"]
    assert after > before
    revision = bench.world.cluster.store.revision
    bench.world.pass_time(60)
    assert bench.world.cluster.store.revision == revision


def test_a_spec_that_changes_within_the_second_of_a_comparison_is_followed_by_a_newer_one(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.world.pass_time(60)
    for limit in (7, 8, 9):
        before = bench.status()["reconciledAt"]
        bench.patch("app", {"spec": {"revisionHistoryLimit": limit}})
        bench.world.run_until(lambda before=before: bench.status()["reconciledAt"] > before)  # type: ignore[misc]


def test_an_operation_that_asks_for_nothing_syncs_nothing(bench: Bench) -> None:
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.patch("app", {"operation": {"initiatedBy": {"username": "somebody"}}})
    bench.world.run_until(lambda: bench.phase() == "Error")
    assert "operation.sync is missing" in bench.state()["message"]
    assert "operation" not in bench.app()
    assert bench.value("a") is None


SPEC_CHANGES: list[JsonObject] = [
    {"info": [{"name": "owner", "value": "us"}]},
    {"revisionHistoryLimit": 7},
    {"ignoreDifferences": [{"kind": "ConfigMap", "jsonPointers": ["/data/x"]}]},
    {"syncPolicy": {"retry": {"limit": 1}}},
    {"syncPolicy": {"syncOptions": ["PruneLast=true"]}},
    {"syncPolicy": {"managedNamespaceMetadata": {"labels": {"a": "b"}}}},
    {"syncPolicy": {"automated": {"prune": False}}},
    {"source": {"directory": {"recurse": True}}},
    {"source": {"targetRevision": "HEAD"}},
    {"destination": {"namespace": "other"}},
    {"project": "second"},
    {"source": None, "sources": [{"repoURL": REPO, "path": "conf", "targetRevision": "main"}]},
]


def test_every_field_of_the_spec_is_a_trigger(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create_namespace("other")
    bench.create(project("second"), PROJECTS)
    bench.create(application())
    bench.world.run_until(bench.synced)
    for change in SPEC_CHANGES:
        bench.world.pass_time(5)
        before = bench.status()["reconciledAt"]
        bench.patch("app", {"spec": change})
        bench.world.pass_time(3)
        assert bench.status()["reconciledAt"] > before, change


def test_every_restriction_of_a_project_is_a_trigger(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(project("own"), PROJECTS)
    bench.create(application(project="own"))
    bench.world.run_until(bench.synced)
    changes: list[tuple[JsonObject, str]] = [
        ({"sourceRepos": ["https://elsewhere.example/*"]}, "InvalidSpecError"),
        ({"sourceRepos": ["*"]}, ""),
        ({"destinations": [{"server": "*", "namespace": "elsewhere"}]}, "InvalidSpecError"),
        ({"destinations": [{"server": "*", "namespace": "*"}]}, ""),
        ({"orphanedResources": {"warn": True}}, "OrphanedResourceWarning"),
        ({"orphanedResources": None}, ""),
    ]
    orphan = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "orphan", "namespace": "default"}}
    bench.create(orphan, CONFIG_MAPS)
    for change, condition in changes:
        bench.world.pass_time(5)
        bench.patch("own", {"spec": change}, PROJECTS)
        bench.world.pass_time(5)
        assert set(bench.conditions()) == ({condition} if condition else set()), change
