"""A repository that is unreachable: when its Applications report it (spec/argo-cd-engine.md 4.1, last line)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from argosy.apis.argoproj.application import ApplicationStatus
from argosy.apis.schema import read
from argosy.gitops.comparison.grace_period import remaining
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.refresh.level import Level, Refresh
from argosy.machinery.objects import JsonObject
from argosy.sources.port import Unavailable
from tests.kit.gitops import REPO, Bench, application, config

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEFORE = {"sync": {"status": "Synced"}}
UNKNOWN = {"sync": {"status": "Unknown"}}
TOLD = {**BEFORE, "conditions": [{"type": "ComparisonError", "message": "m"}]}


@pytest.mark.parametrize(
    ("before", "level", "ago", "left"),
    [
        (BEFORE, Level.LATEST, 0, 180.0), (BEFORE, Level.RECENT, 100, 80.0), (BEFORE, Level.LATEST, 179, 1.0),
        (BEFORE, Level.LATEST, 180, 0.0), (BEFORE, Level.LATEST, 999, 0.0), (BEFORE, Level.FORCED, 0, 0.0),
        ({}, Level.LATEST, 0, 0.0), (UNKNOWN, Level.RECENT, 0, 0.0), (TOLD, Level.LATEST, 0, 0.0),
    ],
)  # fmt: skip
def test_an_error_is_reported_when_its_time_has_come(before: JsonObject, level: Level, ago: int, left: float) -> None:
    since = NOON - timedelta(seconds=ago)
    assert remaining(since, read(ApplicationStatus, before), Refresh(level), Settings(), NOON) == left


def failing(bench: Bench) -> bool:
    return "ComparisonError" in bench.conditions()


def test_an_application_stays_as_it_was_until_its_repository_has_been_away_for_three_minutes(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.git.fail(REPO, Unavailable("failed to list refs: no route to host"))
    fails_since = bench.world.run_until(lambda: _memory(bench) is not None)
    assert (bench.sync_status(), failing(bench)) == ("Synced", False)
    told_at = bench.world.run_until(lambda: failing(bench))
    assert timedelta(seconds=180) <= told_at - fails_since < timedelta(seconds=181)
    assert "no route to host" in bench.conditions()["ComparisonError"]
    assert bench.sync_status() == "Unknown"
    bench.git.fail(REPO, None)
    bench.world.run_until(bench.synced)
    assert not failing(bench)


def test_a_repository_that_comes_back_in_time_was_never_away(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    writes = bench.gitops.status_writes
    bench.git.fail(REPO, Unavailable("gone"))
    bench.world.run_until(lambda: _memory(bench) is not None)
    bench.world.pass_time(170)
    bench.git.fail(REPO, None)
    bench.world.pass_time(600)
    assert (bench.gitops.status_writes, _memory(bench), bench.synced()) == (writes, None, True)


def test_who_asks_for_a_refresh_and_who_has_nothing_yet_hears_of_it_at_once(bench: Bench) -> None:
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.git.fail(REPO, Unavailable("gone"))
    bench.create(application("new"))
    began = bench.world.clock.now()
    told_at = bench.world.run_until(lambda: "ComparisonError" in bench.conditions("new"))
    assert told_at - began < timedelta(seconds=5)
    assert not failing(bench)
    bench.refresh()
    assert failing(bench)


def test_what_was_never_compared_has_no_state_to_stay_in(bench: Bench) -> None:
    bench.create(application(project="later"))
    bench.world.run_until(lambda: "InvalidSpecError" in bench.conditions())
    bench.git.fail(REPO, Unavailable("gone"))
    bench.create_project("later")
    began = bench.world.clock.now()
    assert bench.world.run_until(lambda: failing(bench)) - began < timedelta(seconds=5)


def test_the_time_is_a_setting(bench: Bench) -> None:
    bench.parameters(controller__repo__error__grace__period__seconds="30")
    bench.create(application())
    bench.world.run_until(bench.synced)
    bench.git.fail(REPO, Unavailable("gone"))
    since = bench.world.run_until(lambda: _memory(bench) is not None)
    told_at = bench.world.run_until(lambda: failing(bench))
    assert timedelta(seconds=30) <= told_at - since < timedelta(seconds=31)


def test_a_manual_sync_does_not_wait(bench: Bench) -> None:
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.git.push(REPO, {"conf/a.yaml": config("a", "two")})
    bench.git.fail(REPO, Unavailable("gone"))
    bench.sync()
    bench.world.run_until(lambda: bench.phase() == "Error")


def _memory(bench: Bench) -> datetime | None:
    return next(iter(bench.gitops.context.memory.values())).failing_since
