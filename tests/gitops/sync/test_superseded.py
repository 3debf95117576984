"""A sync that gets no further gives way to a newer revision, unless that is switched off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from argosy.gitops.keys import ResourceKey
from argosy.gitops.sync.superseded import PREEMPT, found_since, gives_way, may_give_way, waited_for
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds
from tests.kit.gitops import REPO, Bench, application, config

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
BROKEN = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 70000}]}\n"


def running(*, automated: bool = True, ago: float = 60, finished: bool = False, **more: object) -> JsonObject:
    by: JsonObject = {"automated": True} if automated else {"username": "somebody"}
    state: JsonObject = {"phase": "Running", "operation": {"initiatedBy": by}, **more}
    state["startedAt"] = seconds(NOW - timedelta(seconds=ago))
    return {**state, "finishedAt": state["startedAt"]} if finished else state


@pytest.mark.parametrize(
    ("state", "annotation", "may"),
    [
        (running(), None, True),
        (running(ago=59), None, False),
        (running(ago=0, finished=True), None, True),
        (running(automated=False), None, False),
        (running(), "false", False),
        (running(finished=True), "false", False),
        (running(phase="Terminating"), None, False),
    ],
)
def test_an_automated_sync_may_give_way_after_a_minute_or_once_it_failed(
    state: JsonObject, annotation: str | None, may: bool
) -> None:
    marks = {} if annotation is None else {PREEMPT: annotation}
    assert may_give_way({"metadata": {"annotations": marks}}, state, NOW) is may


def item(name: str, phase: str = "Running", hook: str = "") -> JsonObject:
    made = {"group": "apps", "kind": "Deployment", "namespace": "x", "name": name, "hookPhase": phase}
    return {**made, "hookType": hook} if hook else made


def test_what_runs_is_waited_for_and_a_running_hook_is_never_cut_off() -> None:
    state = running(syncResult={"resources": [item("a"), item("b", "Succeeded")]})
    assert {key.name for key in waited_for(state)} == {"a"}
    state = running(syncResult={"resources": [item("a"), item("job", hook="Sync")]})
    assert waited_for(state) == set()


def test_a_waiting_sync_gives_way_only_when_the_newer_revision_changes_what_it_waits_for() -> None:
    state = running(syncResult={"resources": [item("a")]})
    [key] = waited_for(state)
    assert not gives_way(state, {key: "1"}, {key: "1"}, [key])
    assert gives_way(state, {key: "2"}, {key: "1"}, [key])
    assert gives_way(state, {}, {key: "1"}, [key])


def failing(bench: Bench, **marks: str) -> None:
    """An automated sync that failed and waits long for its next attempt."""
    bench.git.push(REPO, {"conf/a.yaml": BROKEN})
    retry = {"limit": 5, "backoff": {"duration": "1h", "maxDuration": "2h"}}
    app = application(syncPolicy={"automated": {}, "retry": retry})
    app["metadata"]["annotations"] = marks
    bench.create(app)
    bench.world.run_until(lambda: "Retrying" in str(bench.state().get("message")))


def test_a_failing_sync_gives_way_to_the_commit_that_mends_it(bench: Bench) -> None:
    failing(bench)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "mended")})
    began = bench.world.clock.now()
    mended = bench.world.run_until(lambda: bench.value("a") == "mended" and bench.synced())
    assert mended - began < timedelta(minutes=5)


def test_it_waits_for_its_turn_where_that_is_switched_off(bench: Bench) -> None:
    failing(bench, **{PREEMPT: "false"})
    bench.git.push(REPO, {"conf/a.yaml": config("a", "mended")})
    bench.world.pass_time(1800)
    assert bench.value("a") is None


def test_a_failing_sync_continues_while_there_is_nothing_newer(bench: Bench) -> None:
    failing(bench)
    bench.world.pass_time(1800)
    assert "Retrying attempt #1" in bench.state()["message"]


ROLLOUT = """apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: "{image}"}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: after, annotations: {{argocd.argoproj.io/sync-wave: "1"}}}}
data: {{value: "{image}"}}
"""


def test_a_sync_that_waits_for_an_object_gives_way_to_the_commit_that_changes_it(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": ROLLOUT.format(image="web:bad")})
    bench.create(application(syncPolicy={"automated": {}}))
    bench.world.run_until(lambda: "waiting for healthy state of apps/Deployment/web" in str(bench.state()))
    bench.world.pass_time(60)
    first = bench.state()["startedAt"]
    bench.git.push(REPO, {"conf/a.yaml": ROLLOUT.format(image="web:good")})
    bench.world.run_until(lambda: bench.state().get("startedAt") not in (None, first))
    assert bench.state()["operation"]["sync"]["revision"] == bench.status()["sync"]["revision"]


def test_a_retry_with_refresh_takes_the_newest_revision(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": BROKEN})
    bench.create(application(syncPolicy={"retry": {"limit": 1}}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    retry = {"limit": 3, "refresh": True, "backoff": {"duration": "1m", "maxDuration": "1h"}}
    revision = bench.status()["sync"]["revision"]
    by = {"username": "somebody"}
    request = {"sync": {"revision": revision}, "retry": retry, "initiatedBy": by}
    bench.patch("app", {"operation": request, "status": {"operationState": None}})
    bench.world.run_until(lambda: "Retrying" in str(bench.state().get("message")))
    bench.git.push(REPO, {"conf/a.yaml": config("a", "mended")})
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert bench.value("a") == "mended"
    assert bench.state()["syncResult"]["revision"] != revision


def told(*, status: str, began: str, asked: str = "r1") -> tuple[JsonObject, JsonObject]:
    state = running(finished=True, syncResult={"revision": began} if began else {})
    state["operation"]["sync"] = {"revision": asked} if asked else {}
    return {"status": {"sync": {"revision": status}}}, state


@pytest.mark.parametrize(
    ("given", "newer"),
    [
        (told(status="r2", began="r1"), ("r2",)),
        (told(status="r1", began="r1"), ()),
        (told(status="r2", began=""), ("r2",)),
        (told(status="r2", began="r3", asked=""), ()),  # it chose the newest itself
        (told(status="", began="r1"), ()),
    ],
)
def test_what_a_comparison_reported_since_a_sync_began_is_newer(
    given: tuple[JsonObject, JsonObject], newer: tuple[str, ...]
) -> None:
    assert found_since(*given) == newer


def test_a_failing_sync_continues_when_the_newer_revision_changes_nothing() -> None:
    key = ResourceKey("", "ConfigMap", "x", "a")
    state = running(finished=True)
    assert not gives_way(state, {key: "1"}, {key: "1"}, ())
    assert gives_way(state, {key: "2"}, {key: "1"}, ())
    assert gives_way(state, {}, {key: "1"}, ())


@pytest.mark.parametrize("before", ["one", "mended"], ids=["newer content", "what was synced before"])
def test_whatever_supersedes_a_sync_is_synced(bench: Bench, before: str) -> None:
    """Even the content that an earlier sync, or the superseded one itself, had."""
    bench.git.push(REPO, {"conf/a.yaml": config("a", before)})
    retry = {"limit": 5, "backoff": {"duration": "1h", "maxDuration": "2h"}}
    bench.create(application(syncPolicy={"automated": {"prune": True}, "retry": retry}))
    bench.world.run_until(bench.synced)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one"), "conf/b.yaml": BROKEN.replace("name: a", "name: b")})
    bench.world.run_until(lambda: "Retrying" in str(bench.state().get("message")))
    bench.git.push(REPO, {"conf/a.yaml": config("a", "mended")})
    bench.world.run_until(lambda: bench.synced() and bench.phase() == "Succeeded", within=timedelta(minutes=10))
    assert bench.value("a") == "mended"


def test_a_failing_sync_continues_through_commits_that_do_not_concern_it(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/a.yaml": BROKEN})
    retry = {"limit": 5, "backoff": {"duration": "10m", "factor": 1, "maxDuration": "10m"}}
    bench.create(application(syncPolicy={"automated": {}, "retry": retry}))
    bench.world.run_until(lambda: "Retrying" in str(bench.state().get("message")))
    bench.git.push(REPO, {"conf/a.yaml": BROKEN, "other/readme": "text"})
    bench.world.pass_time(300)
    assert "Retrying attempt #1" in bench.state()["message"]
    bench.world.run_until(lambda: "Retrying attempt #2" in str(bench.state().get("message")))
