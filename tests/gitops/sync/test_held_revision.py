"""A rollback under automated sync is not undone until there is a newer revision."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.schema import read
from argosy.gitops.sync.held_revision import HELD, revision_to_hold
from argosy.machinery.objects import JsonObject
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS

TWO = [{"repoURL": REPO, "targetRevision": "main"}] * 2
AUTOMATED: JsonObject = {"syncPolicy": {"automated": {}}}


def asks(sync: JsonObject, *, automated: bool = False, target: str = "bad") -> JsonObject:
    by = {"automated": True} if automated else {"username": "somebody"}
    return {"operation": {"sync": sync, "initiatedBy": by}, "status": {"sync": {"revision": target}}}


@pytest.mark.parametrize(
    ("app", "spec", "held"),
    [
        (asks({"revision": "good"}), AUTOMATED, "bad"),
        (asks({"revision": "bad"}), AUTOMATED, ""),
        (asks({}), AUTOMATED, ""),
        (asks({"revision": "main"}), {**AUTOMATED, "source": {"repoURL": REPO, "targetRevision": "main"}}, ""),
        (asks({"revision": "HEAD"}), {**AUTOMATED, "source": {"repoURL": REPO}}, ""),
        (asks({"revision": "main"}), {**AUTOMATED, "source": {"repoURL": REPO, "targetRevision": "next"}}, "bad"),
        (asks({"revisions": ["main", "c2"]}, target="c1,c2"), {**AUTOMATED, "sources": TWO}, ""),
        (asks({"revisions": ["main", "c0"]}, target="c1,c2"), {**AUTOMATED, "sources": TWO}, "c1,c2"),
        (asks({"revision": "main"}, target="c1,c2"), {**AUTOMATED, "sources": TWO}, ""),
        (asks({"revision": "good"}), {}, ""),
        (asks({"revision": "good"}), {"syncPolicy": {"automated": {"enabled": False}}}, ""),
        (asks({"revision": "good"}, automated=True), AUTOMATED, ""),
        (asks({"revision": "good", "dryRun": True}), AUTOMATED, ""),
        (asks({"revision": "good", "resources": [{"kind": "Pod", "name": "a"}]}), AUTOMATED, ""),
    ],
)
def test_only_a_whole_manual_sync_to_another_revision_under_automation_holds(
    app: JsonObject, spec: JsonObject, held: str
) -> None:
    assert revision_to_hold(app, read(ApplicationSpec, spec)) == held


def rolled_back(bench: Bench, **automated: Any) -> str:
    """After `two` was synced, back to `one`; the revision of `two`."""
    bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
    bench.create(application(syncPolicy={"automated": {"selfHeal": True, **automated}}))
    bench.world.run_until(bench.synced)
    good: str = bench.status()["sync"]["revision"]
    bench.git.push(REPO, {"conf/a.yaml": config("a", "two")})
    bench.refresh()
    bench.world.run_until(lambda: bench.synced() and bench.value("a") == "two")
    bad: str = bench.status()["sync"]["revision"]
    bench.sync(revision=good, syncStrategy={"apply": {}})
    bench.world.run_until(lambda: bench.value("a") == "one" and bench.phase() == "Succeeded")
    return bad


def test_a_rollback_stays_through_polls_refreshes_and_restarts_and_says_so(bench: Bench) -> None:
    bad = rolled_back(bench)
    bench.world.pass_time(600)
    bench.refresh()
    bench.kill()
    bench.start()
    bench.world.pass_time(600)
    assert bench.value("a") == "one"
    assert bench.sync_status() == "OutOfSync"
    assert bench.app()["metadata"]["annotations"][HELD] == bad
    assert bad in bench.conditions()["RevisionHeld"]


def test_drift_after_a_rollback_is_not_healed_towards_the_held_revision(bench: Bench) -> None:
    rolled_back(bench)
    bench.patch("a", {"data": {"value": "three"}}, CONFIG_MAPS, "default")
    bench.world.pass_time(600)
    assert bench.value("a") == "three"


def test_a_newer_commit_ends_the_hold(bench: Bench) -> None:
    rolled_back(bench)
    bench.git.push(REPO, {"conf/a.yaml": config("a", "mended")})
    bench.refresh()
    bench.world.run_until(lambda: bench.value("a") == "mended" and bench.synced())
    assert HELD not in (bench.app()["metadata"].get("annotations") or {})
    assert bench.conditions() == {}


def test_removing_the_annotation_ends_the_hold(bench: Bench) -> None:
    rolled_back(bench)
    bench.world.pass_time(10)
    bench.patch("app", {"metadata": {"annotations": {HELD: None}}})
    bench.refresh()
    bench.world.run_until(lambda: bench.value("a") == "two" and bench.synced())
