"""What an Application's events say, and how a person learns why an object is out of sync."""

from __future__ import annotations

import json

import pytest

from argosy.apis.argoproj.application import Operation, OperationState
from argosy.apis.schema import read
from argosy.gitops.keys import ResourceKey
from argosy.gitops.model import event_messages
from argosy.machinery.objects import JsonObject, Resource
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS

EVENTS = Resource("", "v1", "events", "Event")
SECRETS = Resource("", "v1", "secrets", "Secret")


def key(name: str) -> ResourceKey:
    return ResourceKey("", "ConfigMap", "shop", name)


@pytest.mark.parametrize(
    ("why", "says"),
    [
        ({}, ""),
        ({key("a"): "not in the cluster"}, ""),
        (
            {key("a"): "data.x: 1 in the cluster, 2 in the source"},
            "ConfigMap shop/a: data.x: 1 in the cluster, 2 in the",
        ),
        (
            {key("a"): "not in the cluster", key("b"): "not in the source"},
            "ConfigMap shop/b: not in the source; and 1 more",
        ),
        ({key(n): n for n in "abcde"}, "ConfigMap shop/a: a; ConfigMap shop/b: b; ConfigMap shop/c: c; and 2 more"),
    ],
)
def test_three_differences_are_reported_and_the_others_counted(why: dict[ResourceKey, str], says: str) -> None:
    assert event_messages.differences(why).startswith(says)
    assert bool(event_messages.differences(why)) == bool(says)


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ({"initiatedBy": {"automated": True}, "sync": {"revision": "abc"}}, "Initiated automated sync to 'abc'"),
        ({"initiatedBy": {"username": "kim"}, "sync": {}}, "kim initiated sync"),
        ({"sync": {"revision": "v1", "resources": [{}]}}, "Unknown user initiated partial sync to v1"),
    ],
)
def test_the_start_says_who_and_what(operation: JsonObject, says: str) -> None:
    assert event_messages.started(read(Operation, operation)) == says


def test_the_end_says_which_revision_and_why_it_failed() -> None:
    state = {"phase": "Succeeded", "syncResult": {"revision": "abc"}, "message": "successfully synced"}
    assert event_messages.completed(read(OperationState, state)) == "Sync operation to abc succeeded"
    state = {"phase": "Failed", "syncResult": {"revisions": ["a", "b"]}, "message": "no"}
    assert event_messages.completed(read(OperationState, state)) == "Sync operation to a, b failed: no"


def events(bench: Bench, reason: str) -> list[tuple[str, str]]:
    listed = bench.world.run(bench.world.client.list(EVENTS, "argocd"))
    return [(item["type"], item["message"]) for item in listed.items if item["reason"] == reason]


def test_drift_is_reported_with_its_reason_and_no_secret_in_it(bench: Bench) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  token: {}\n"
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/s.yaml": secret.format("canary-one")})
    bench.create(application(syncPolicy={}))
    bench.sync()
    bench.world.run_until(bench.synced)
    assert events(bench, "OutOfSync") == []  # health reports what is missing at first
    assert [message for _, message in events(bench, "OperationStarted")] == ["someone initiated sync"]
    bench.patch("a", {"data": {"value": "two"}}, CONFIG_MAPS, "default")
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.world.pass_time(1)
    drift = 'ConfigMap default/a: data.value: "two" in the cluster, "one" in the source'
    assert events(bench, "OutOfSync") == [("Normal", drift)]
    bench.sync()
    bench.world.run_until(bench.synced)
    bench.patch("s", {"stringData": {"token": "canary-two"}}, SECRETS, "default")
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.world.pass_time(1)
    masked = 'Secret default/s: data.token: "++++++++" in the cluster, "++++++++++++" in the source'
    assert ("Normal", masked) in events(bench, "OutOfSync")
    everything = json.dumps(list(bench.world.run(bench.world.client.list(EVENTS, "")).items))
    assert not [word for word in ("canary", "Y2FuYXJ5") if word in everything]


def test_what_is_only_in_the_cluster_says_so(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": config("b", "one")})
    bench.create(application(syncPolicy={}))
    bench.sync()
    bench.world.run_until(bench.synced)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.refresh()
    bench.world.pass_time(1)
    assert events(bench, "OutOfSync") == [("Normal", "ConfigMap default/b: not in the source")]
