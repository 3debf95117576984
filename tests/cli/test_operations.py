"""What the commands write into an Application."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from argosy.cli.app.applications import awaits_comparison, is_busy
from argosy.cli.app.create import application_of
from argosy.cli.app.delete import finalizers
from argosy.cli.app.operations import resource_of, resources_of, rollback_operation, sync_operation
from argosy.cli.app.sync import judged
from argosy.cli.app.wait_conditions import Wanted
from argosy.cli.commands import make_parser
from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject, Key


def options(*arguments: str) -> argparse.Namespace:
    return make_parser().parse_args(["app", *arguments])


def app(spec: JsonObject | None = None, **status: Any) -> JsonObject:
    return {"metadata": {"name": "shop", "namespace": "argocd"}, "spec": spec or {}, "status": status}


def test_a_sync_carries_the_applications_own_options_and_retry() -> None:
    policy = {"syncOptions": ["CreateNamespace=true"], "retry": {"limit": 3}}
    made = sync_operation(app({"syncPolicy": policy}), options("sync", "shop", "--prune", "--server-side"), "kim")
    assert made == {
        "initiatedBy": {"username": "kim"},
        "sync": {
            "prune": True,
            "syncStrategy": {"hook": {}},
            "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"],
        },
        "retry": {"limit": 3},
    }


def test_a_sync_off_the_target_is_refused_where_automation_would_undo_it() -> None:
    automated = app({"source": {"targetRevision": "main"}, "syncPolicy": {"automated": {}}})
    with pytest.raises(CommandError, match="Cannot sync to v1: auto-sync currently set to main"):
        sync_operation(automated, options("sync", "shop", "--revision", "v1"), "kim")
    sync_operation(automated, options("sync", "shop", "--revision", "main"), "kim")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("apps:Deployment:web", {"group": "apps", "kind": "Deployment", "name": "web"}),
        (":Service:shop/web", {"group": "", "kind": "Service", "namespace": "shop", "name": "web"}),
    ],
)
def test_a_resource_is_named_by_group_kind_and_name(text: str, wanted: JsonObject) -> None:
    assert resource_of(text) == wanted


@pytest.mark.parametrize("text", ["web", "apps:Deployment", "apps::web", "a:b:c:d"])
def test_a_resource_without_all_three_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(CommandError, match="apps:Deployment:web"):
        resource_of(text)


def test_a_rollback_takes_revision_and_source_of_the_history() -> None:
    entries = [{"id": 4, "revision": "aaa", "source": {"path": "x"}}, {"id": 5, "revision": "bbb"}]
    made = rollback_operation(app(history=entries), None, prune=False, user="kim")
    assert made["sync"] == {"syncStrategy": {"apply": {}}, "revision": "aaa", "source": {"path": "x"}}
    with pytest.raises(CommandError, match="does not have deployment id '9' in history: it has 4, 5"):
        rollback_operation(app(history=entries), 9, prune=False, user="kim")
    automated = rollback_operation(app({"syncPolicy": {"automated": {}}}, history=entries), 4, prune=False, user="kim")
    assert automated == made


def test_an_application_is_what_its_flags_say() -> None:
    given = options("create", "shop", "--repo", "https://git.example/a", "--path", "p", "--sync-policy", "automated")
    assert application_of(Key("argocd", "shop"), given)["spec"] == {
        "project": "default",
        "source": {"repoURL": "https://git.example/a", "path": "p"},
        "destination": {"server": "https://kubernetes.default.svc"},
        "syncPolicy": {"automated": {}},
    }


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ((), "--repo is missing"),
        (("--repo", "r"), "either --path"),
        (("--repo", "r", "--path", "p", "--self-heal"), "--sync-policy automated"),
        (("--repo", "r", "--path", "p", "--label", "x"), "--label 'x': give NAME=VALUE"),
    ],
)
def test_flags_that_make_no_application_are_named(flags: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        application_of(Key("argocd", "shop"), options("create", "shop", *flags))


def test_the_finalizer_says_how_to_delete_and_foreign_ones_stay() -> None:
    present = ["other.example/x", "resources-finalizer.argocd.argoproj.io"]
    hooks = ["pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io/cleanup"]
    assert finalizers([*present, *hooks], cascade=False, background=False) == ["other.example/x"]
    assert finalizers(present, cascade=False, background=False) == ["other.example/x"]
    assert finalizers(present, cascade=True, background=True) == [
        "other.example/x",
        "resources-finalizer.argocd.argoproj.io/background",
    ]


def test_an_application_is_busy_while_an_operation_is_asked_for_or_runs() -> None:
    assert is_busy({**app(), "operation": {"sync": {}}})
    assert is_busy(app(operationState={"phase": "Running"}))
    assert not is_busy(app(operationState={"phase": "Succeeded", "finishedAt": "2026-01-01T00:00:01Z"}))


def test_what_was_compared_before_the_operation_ended_is_old() -> None:
    state = {"phase": "Succeeded", "finishedAt": "2026-01-01T00:00:01Z"}
    assert awaits_comparison(app(operationState=state, reconciledAt="2026-01-01T00:00:00Z"))
    assert not awaits_comparison(app(operationState=state, reconciledAt="2026-01-01T00:00:01Z"))
    dry = {**state, "operation": {"sync": {"dryRun": True}}}
    assert not awaits_comparison(app(operationState=dry, reconciledAt="2026-01-01T00:00:00Z"))


def test_health_words_are_alternatives_and_the_rest_must_all_hold() -> None:
    degraded = app(sync={"status": "Synced"}, health={"status": "Degraded"})
    assert Wanted(degraded=True, healthy=True, synced=True).holds(degraded)
    assert not Wanted(healthy=True).holds(degraded)
    assert Wanted(healthy=True).is_hopeless("Progressing", degraded)
    assert not Wanted(healthy=True).is_hopeless("Unknown", degraded)


def test_an_object_that_is_waited_for_must_be_there_unless_a_pattern_names_it() -> None:
    service = {"kind": "Service", "namespace": "shop", "name": "web", "status": "Synced"}
    found = app(resources=[service])
    for text, holds in {
        ":Service:web": True,
        ":Service:other": False,
        ":Service:*": True,
        "!:Service:web": True,
    }.items():
        assert Wanted(synced=True, only=(resource_of(text),)).holds(found) is holds, text


def test_a_sync_has_failed_unless_it_succeeded_and_left_nothing_to_prune() -> None:
    ended = {"phase": "Succeeded", "operation": {"sync": {}}}
    assert judged(app(operationState=ended)) == 0
    assert judged(app(operationState={**ended, "phase": "Failed"})) == 1
    assert judged(app(operationState=ended, resources=[{"requiresPruning": True}])) == 1
    pruned = {**ended, "operation": {"sync": {"prune": True}}}
    assert judged(app(operationState=pruned, resources=[{"requiresPruning": True}])) == 0


LISTED = [
    {"group": "apps", "kind": "Deployment", "namespace": "n", "name": "web"},
    {"kind": "Service", "namespace": "n", "name": "web"},
    {"kind": "ConfigMap", "namespace": "n", "name": "settings"},
]


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["apps:Deployment:web"], ["Deployment"]),
        (["*:*:web"], ["Deployment", "Service"]),
        (["!apps:Deployment:*"], ["Service", "ConfigMap"]),
        ([":Service:n/web,:ConfigMap:settings"], ["Service", "ConfigMap"]),
    ],
)
def test_the_objects_of_a_sync_are_chosen_by_pattern_and_by_exclusion(texts: list[str], names: list[str]) -> None:
    assert [item["kind"] for item in resources_of(app(resources=LISTED), texts)] == names


def test_a_choice_that_fits_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="No matching app resources found for resource filter: apps:Deployment:zzz"):
        resources_of(app(resources=LISTED), ["apps:Deployment:zzz"])


def test_a_sync_carries_what_its_flags_say_of_retries_and_strategy() -> None:
    flags = ("--strategy", "apply", "--force", "--retry-limit", "2", "--retry-backoff-duration", "3s", "--info", "a=b")
    made = sync_operation(app(), options("sync", "shop", *flags), "kim")
    assert made["sync"]["syncStrategy"] == {"apply": {"force": True}}
    assert made["retry"] == {"limit": 2, "backoff": {"duration": "3s"}}
    assert made["info"] == [{"name": "a", "value": "b"}]


def test_revisions_are_given_to_sources_by_place() -> None:
    sources = [{"repoURL": "u", "targetRevision": "main"}, {"repoURL": "v"}]
    asked = options("sync", "shop", "--revisions", "v2", "--source-positions", "1")
    assert sync_operation(app({"sources": sources}), asked, "kim")["sync"]["revisions"] == ["v2", "HEAD"]
