"""ApplicationSets in virtual time, on the embedded cluster."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.applicationsets.params import GeneratorError
from argosy.gitops.keys import APPLICATION_SETS, APPLICATIONS, PROJECTS
from argosy.machinery.objects import JsonObject, Key
from argosy.machinery.requests import Write
from argosy.machinery.status import StatusError
from argosy.sources.port import Unavailable
from tests.kit.applicationsets import REPO, Bench, appset, listed, make_bench, phases, state
from tests.kit.world import CONFIG_MAPS, EVENTS, SECRETS

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
    before = bench.sets.get(Key("argocd", "fleet"))
    asked = bench.generators.count
    bench.world.pass_time(400)
    assert bench.sets.get(Key("argocd", "fleet")) == before
    assert bench.generators.count == asked + 2


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
    assert not (bench.sets.get(Key("argocd", "fleet")) or {})["metadata"].get("annotations")


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
    go = (bench.sets.get(Key("argocd", "go")) or {})["status"]
    told = next(item for item in go["conditions"] if item["type"] == "ErrorOccurred")
    assert (told["status"], told["reason"]) == ("True", "ApplicationGenerationFromParamsError")
    assert "the remote is down" in told["message"]
    assert go["health"]["status"] == "Degraded"
    bench.git.fail(REPO, None)
    bench.world.pass_time(200)
    go = (bench.sets.get(Key("argocd", "go")) or {})["status"]
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
    assert bench.sets.get(Key("argocd", "fleet")) is None
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


def test_a_rolling_sync_advances_step_by_step_and_waits_for_health(bench: Bench) -> None:
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
    assert "status" not in (bench.sets.get(key) or {})
    bench.patch({"data": {"applicationsetcontroller.namespaces": "te*"}}, "argocd-cmd-params-cm", CONFIG_MAPS)
    bench.world.run_until(lambda: bool((bench.sets.get(key) or {}).get("status")))
    told = (bench.sets.get(key) or {})["status"]["conditions"][0]
    assert "namespace 'team' is not permitted to use project 'default'" in told["message"]
    with pytest.raises(StatusError):
        bench.world.run(bench.world.client.read(APPLICATIONS, "a", "team"))


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"sourceRepos": [REPO], "sourceNamespaces": ["other"]}, "namespace 'team' is not permitted to use project"),
        ({"sourceRepos": ["*", f"!{REPO}"], "sourceNamespaces": ["team"]}, "is not permitted in project 'theirs'"),
        (None, "references project theirs which does not exist"),
    ],
)
def test_a_set_elsewhere_reads_no_repository_that_its_project_does_not_let_it(
    bench: Bench, spec: JsonObject | None, told: str
) -> None:
    """What it reads, it would reveal: the folders' names appear in its Applications and in its refusals."""
    bench.git.push(REPO, {"apps/canary/x.yaml": ""})
    bench.patch({"data": {"applicationsetcontroller.namespaces": "te*"}}, "argocd-cmd-params-cm", CONFIG_MAPS)
    if spec is not None:
        everywhere = [{"server": "*", "namespace": "*"}]
        made = {**project("theirs"), "spec": {**spec, "destinations": everywhere}}
        bench.world.run(bench.world.client.create(PROJECTS, made))
    elsewhere = appset([FOLDERS])
    elsewhere["metadata"]["namespace"] = "team"
    elsewhere["spec"]["template"]["spec"]["project"] = "theirs"
    bench.create(elsewhere)
    key = Key("team", "fleet")
    bench.world.run_until(lambda: bool((bench.sets.get(key) or {}).get("status")))
    status = (bench.sets.get(key) or {})["status"]
    assert told in status["conditions"][0]["message"]
    assert "canary" not in str(status)


def test_a_preview_shows_what_would_happen_and_does_nothing(bench: Bench) -> None:
    bench.create(appset([listed("a", "b")]))
    bench.world.run_until(lambda: bench.apps() == ["a", "b"])
    bench.world.pass_time(2)
    seen = bench.world.run(bench.preview(appset([listed("b", "c", b="prod")])))
    assert [app["metadata"]["name"] for app in seen.created] == ["c"]
    assert [change.wanted["metadata"]["labels"] for change in seen.changed] == [{"env": "prod"}]
    assert [app["metadata"]["name"] for app in seen.deleted] == ["a"]
    bench.world.pass_time(5)
    assert bench.apps() == ["a", "b"]


def steps(*environments: str) -> JsonObject:
    found = [{"matchExpressions": [{"key": "env", "operator": "In", "values": [name]}]} for name in environments]
    return {"type": "RollingSync", "rollingSync": {"steps": found}}


FILES = {"envs/dev.yaml": "{name: d, env: dev}", "envs/prod.yaml": "{name: p, env: prod}"}
IN_FILES = {"git": {"repoURL": REPO, "revision": "HEAD", "files": [{"path": "envs/*"}]}}


def test_a_rolling_sync_continues_where_it_was_after_its_generator_failed(bench: Bench) -> None:
    bench.git.push(REPO, FILES)
    bench.create(appset([IN_FILES], strategy=steps("dev", "prod")))
    bench.world.run_until(lambda: bool(bench.app("d").get("operation")))
    bench.shows("d", "Progressing", operationState=state(bench))
    bench.world.run_until(lambda: phases(bench)["d"] == "Progressing")
    bench.git.fail(REPO, Unavailable("the remote is down"))
    bench.patch({"metadata": {"annotations": {"argocd.argoproj.io/application-set-refresh": "true"}}})
    bench.world.run_until(lambda: bench.condition("ErrorOccurred").get("status") == "True")
    assert phases(bench) == {"d": "Progressing", "p": "Waiting"}
    assert bench.condition("RolloutProgressing")["status"] == "True"
    bench.git.fail(REPO, None)
    bench.world.pass_time(181)
    assert bench.condition("ErrorOccurred")["status"] == "False"
    assert phases(bench) == {"d": "Progressing", "p": "Waiting"}
    assert not bench.app("p").get("operation")


def test_removing_the_strategy_removes_the_progress(bench: Bench) -> None:
    bench.create(appset([listed("d")], strategy=steps("dev")))
    bench.world.run_until(lambda: bool(phases(bench)))
    bench.patch({"spec": {"strategy": None}})
    bench.world.run_until(lambda: "applicationStatus" not in bench.status())
    assert not bench.condition("RolloutProgressing")
    assert bench.app("d")["spec"]["syncPolicy"] == {"automated": {"prune": True}}


def test_a_rolling_sync_without_steps_creates_nothing_and_says_so(bench: Bench) -> None:
    bench.create(appset([listed("a")], strategy={"type": "RollingSync", "rollingSync": {}}))
    bench.world.run_until(lambda: bool(bench.condition("ErrorOccurred")))
    assert bench.condition("ErrorOccurred")["reason"] == "ApplicationSetRolloutError"
    assert bench.apps() == []


def test_deletion_in_reverse_waits_for_the_end_of_each_step(bench: Bench) -> None:
    strategy = {**steps("dev", "prod"), "deletionOrder": "reverse"}
    given = appset([listed("d", "p", "x", p="prod", x="other")], strategy=strategy)
    given["spec"]["template"]["metadata"]["finalizers"] = ["example.com/hold"]
    bench.create(given)
    bench.world.run_until(lambda: len(bench.apps()) == 3)
    bench.world.pass_time(2)
    bench.world.run(bench.world.client.delete(APPLICATION_SETS, "fleet", "argocd"))
    left = ["d", "p", "x"]
    for name in ("p", "d", "x"):
        bench.world.pass_time(100)
        assert bench.apps() == left
        assert [app for app in left if bench.app(app)["metadata"].get("deletionTimestamp")] == [name]
        bench.patch({"metadata": {"finalizers": None}}, name, APPLICATIONS)
        left.remove(name)
    bench.world.run_until(lambda: bench.apps() == [])
    assert bench.sets.get(Key("argocd", "fleet")) is None


def test_an_unknown_project_leaves_its_application_out_until_it_is_there(bench: Bench) -> None:
    given = appset([listed("a", "b")])
    given["spec"]["template"]["spec"]["project"] = "{{name}}"
    bench.create(project("a"), PROJECTS)
    bench.create(given)
    bench.world.run_until(lambda: bench.condition("ErrorOccurred").get("status") == "True")
    assert bench.apps() == ["a"]
    assert "project b which does not exist" in bench.condition("ErrorOccurred")["message"]
    bench.create(project("b"), PROJECTS)
    bench.world.pass_time(2)
    assert bench.apps() == ["a", "b"]
    assert bench.condition("ErrorOccurred")["status"] == "False"


def project(name: str) -> JsonObject:
    limits = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    metadata = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": limits}


def test_a_setting_says_how_often_repositories_are_asked_and_how_many_applications_are_listed(bench: Bench) -> None:
    settings = {
        "applicationsetcontroller.requeue.after": "60s",
        "applicationsetcontroller.status.max.resources.count": "1",
    }
    bench.patch({"data": settings}, "argocd-cmd-params-cm", CONFIG_MAPS)
    bench.create(appset([FOLDERS], name="{{path.basename}}"))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    assert [item["name"] for item in bench.status()["resources"]] == ["a"]
    bench.world.pass_time(2)
    before = bench.generators.count
    bench.world.pass_time(600)
    assert bench.generators.count == before + 10


def test_only_generators_that_read_clusters_are_asked_when_a_cluster_changes(bench: Bench) -> None:
    bench.create(appset([FOLDERS], name="{{path.basename}}"))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    bench.world.pass_time(2)
    before = bench.generators.count
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    metadata = {"name": "east", "namespace": "argocd", "labels": labels}
    data = {"name": "East_1", "server": "https://east.example"}
    bench.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data}, SECRETS)
    bench.world.pass_time(5)
    assert bench.generators.count == before


class Busy:
    """A host that asks to be left alone."""

    def repositories(self, *_: Any) -> Any:
        raise GeneratorError("too many requests", retry_after=900)


def test_a_host_that_asks_for_a_pause_gets_it() -> None:
    with make_bench(Busy()) as bench:
        bench.create(appset([{"scmProvider": {"github": {"organization": "acme"}}}]))
        bench.world.run_until(lambda: bench.condition("ErrorOccurred").get("status") == "True")
        bench.world.pass_time(890)
        assert bench.generators.count == 1
        bench.world.pass_time(20)
        assert bench.generators.count == 2


def test_a_null_in_the_template_is_written_once(bench: Bench) -> None:
    given = appset([listed("a")])
    given["spec"]["template"]["spec"]["source"]["helm"] = {"valuesObject": {"image": {"tag": "1"}}}
    bench.create(given)
    bench.world.run_until(lambda: bench.apps() == ["a"])
    given["spec"]["template"]["spec"]["source"]["helm"] = {"valuesObject": {"image": {"tag": None}}}
    latest = bench.sets.get(Key("argocd", "fleet")) or {}
    bench.world.run(bench.world.client.update(APPLICATION_SETS, {**latest, "spec": given["spec"]}))
    bench.world.pass_time(5)
    version = bench.app("a")["metadata"]["resourceVersion"]
    assert bench.app("a")["spec"]["source"]["helm"]["valuesObject"] == {"image": {"tag": None}}
    bench.world.pass_time(300)
    assert bench.app("a")["metadata"]["resourceVersion"] == version


def test_events_of_the_set_report_what_was_created_changed_and_deleted(bench: Bench) -> None:
    bench.create(appset([listed("a", "b")]))
    bench.world.run_until(lambda: bench.apps() == ["a", "b"])
    bench.patch({"spec": {"generators": [listed("a", a="prod")]}})
    bench.world.pass_time(5)
    found = bench.world.run(bench.world.client.list(EVENTS, "argocd")).items
    told = {(event["involvedObject"]["kind"], event["reason"], event["message"]) for event in found}
    assert told == {
        ("ApplicationSet", "created", 'created Application "a"'),
        ("ApplicationSet", "created", 'created Application "b"'),
        ("ApplicationSet", "updated", 'updated Application "a"'),
        ("ApplicationSet", "Deleted", 'Deleted Application "b"'),
    }


def test_an_operation_that_could_not_be_written_after_the_status_was_is_written_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, lost = bench.world.client.write, [True]

    async def write(request: Write) -> JsonObject:
        if isinstance(request.body, dict) and request.body.get("operation") and lost:
            lost.clear()
            raise StatusError(500, "InternalError", "the server went away")
        return await real(request)

    monkeypatch.setattr(bench.world.client, "write", write)
    bench.create(appset([listed("d")], strategy=steps("dev")))
    bench.world.run_until(lambda: phases(bench).get("d") == "Pending")
    bench.world.run_until(lambda: bool(bench.app("d").get("operation")))
    assert lost == []


def test_what_jq_leads_to_on_an_application_is_left_as_it_is(bench: Bench) -> None:
    ignored = [
        {"jqPathExpressions": ['select(.metadata.name | test("^a$")) | .spec.source.path', ".spec | to_entries[]"]}
    ]
    bench.create(appset([listed("a", "b")], ignoreApplicationDifferences=ignored))
    bench.world.run_until(lambda: bench.apps() == ["a", "b"])
    bench.patch({"spec": {"source": {"path": "mine"}}}, "a", APPLICATIONS)
    bench.patch({"spec": {"source": {"path": "other"}}}, "b", APPLICATIONS)
    bench.world.run_until(lambda: bench.app("b")["spec"]["source"]["path"] == "conf")
    bench.world.pass_time(400)
    assert bench.app("a")["spec"]["source"]["path"] == "mine"
    asked = bench.jq.count
    bench.world.pass_time(400)
    assert bench.jq.count == asked
    found = bench.world.run(bench.world.client.list(EVENTS, "argocd")).items
    told = [event["message"] for event in found if event["reason"] == "InvalidSetting"]
    assert len(told) == 1
    assert "Invalid path expression" in told[0]


def test_a_refused_application_delays_no_other_and_is_reported_until_it_is_accepted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, refusing = bench.world.client.write, [True]

    async def write(request: Write) -> JsonObject:
        if request.verb == "create" and request.key.name == "b" and refusing:
            raise StatusError(403, "Forbidden", 'admission webhook "policy" denied the request: no b here')
        return await real(request)

    monkeypatch.setattr(bench.world.client, "write", write)
    bench.create(appset([listed("a", "b", "c")]))
    bench.world.run_until(lambda: bench.apps() == ["a", "c"] and bool(bench.condition("ErrorOccurred")))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    told = bench.condition("ErrorOccurred")
    assert (told["status"], told["reason"]) == ("True", "CreateApplicationError")
    assert "no b here" in told["message"]
    version = bench.sets.get(Key("argocd", "fleet"))
    bench.world.pass_time(900)
    assert bench.sets.get(Key("argocd", "fleet")) == version
    refusing.clear()
    bench.world.pass_time(301)
    assert bench.apps() == ["a", "b", "c"]
    assert bench.condition("ErrorOccurred")["status"] == "False"


def test_while_the_commits_stay_a_poll_reads_no_tree_and_renders_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = bench.git.tree

    async def tree(url: str, commit: str, credentials: Any) -> Any:
        read.append(commit)
        return await real(url, commit, credentials)

    monkeypatch.setattr(bench.git, "tree", tree)
    bench.create(appset([FOLDERS], name="{{path.basename}}"))
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    asked = bench.generators.count
    bench.world.pass_time(910)
    assert bench.generators.count == asked + 5
    assert len(read) == 1
    bench.git.push(REPO, {"apps/a/x.yaml": "", "apps/b/x.yaml": "", "apps/c/x.yaml": ""})
    bench.world.pass_time(181)
    assert bench.apps() == ["a", "b", "c"]
    assert len(read) == 2


def test_a_template_whose_functions_come_to_something_else_each_time_is_rendered_at_each_poll(bench: Bench) -> None:
    made = appset([FOLDERS], name="{{.path.basename}}", goTemplate=True)
    made["spec"]["template"]["metadata"]["annotations"] = {"asked": '{{ now | date "150405" }}'}
    bench.create(made)
    bench.world.run_until(lambda: bench.status().get("resourcesCount") == 2)
    before = bench.app("a")["metadata"]["annotations"]
    bench.world.pass_time(200)
    assert bench.app("a")["metadata"]["annotations"] != before
