"""Sync windows (spec 2.1): every row of the table, and a complete day in virtual time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.apis.argoproj.project import SyncWindow
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.projects import sync_windows as windows
from argosy.gitops.projects.sync_windows import Asked, allows, is_active, matching, next_change
from tests.kit.gitops import Bench, application

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HERE = Cluster("https://kubernetes.default.svc", "in-cluster")
ACTIVE, INACTIVE = "0 11 * * *", "0 20 * * *"


def window(kind: str, schedule: str, length: str = "2h", **more: Any) -> SyncWindow:
    return read(SyncWindow, {"kind": kind, "schedule": schedule, "duration": length, "applications": ["*"], **more})


MANUAL, AUTOMATED = Asked(manual=True), Asked(manual=False)
BEFORE = Asked(manual=False, started=NOON - timedelta(hours=2))


@pytest.mark.parametrize(
    ("given", "asked", "allowed"),
    [
        ([], AUTOMATED, True),
        ([window("deny", ACTIVE)], AUTOMATED, False),
        ([window("deny", ACTIVE)], MANUAL, False),
        ([window("deny", ACTIVE, manualSync=True)], MANUAL, True),
        ([window("deny", ACTIVE, manualSync=True)], AUTOMATED, False),
        ([window("deny", ACTIVE, manualSync=True), window("deny", ACTIVE)], MANUAL, False),
        ([window("deny", ACTIVE, syncOverrun=True)], BEFORE, True),
        ([window("deny", ACTIVE)], BEFORE, False),
        ([window("deny", "0 9 * * *", "5h", syncOverrun=True)], BEFORE, False),
        ([window("deny", ACTIVE), window("allow", ACTIVE)], AUTOMATED, False),
        ([window("allow", ACTIVE)], AUTOMATED, True),
        ([window("allow", ACTIVE), window("allow", INACTIVE)], AUTOMATED, True),
        ([window("allow", INACTIVE)], AUTOMATED, False),
        ([window("allow", INACTIVE)], MANUAL, False),
        ([window("allow", INACTIVE, manualSync=True)], MANUAL, True),
        ([window("allow", INACTIVE, manualSync=True), window("allow", INACTIVE)], MANUAL, False),
        ([window("allow", "0 9 * * *", syncOverrun=True)], BEFORE, True),
        ([window("allow", "0 9 * * *")], BEFORE, False),
        ([window("deny", INACTIVE)], AUTOMATED, True),
    ],
)
def test_who_may_sync_when(given: list[SyncWindow], asked: Asked, *, allowed: bool) -> None:
    assert allows(given, asked, NOON) is allowed


@pytest.mark.parametrize(
    ("schedule", "length", "zone", "active"),
    [
        ("0 12 * * *", "1h", "", False),  # it opens after its first moment, not at it
        ("59 11 * * *", "1h", "", True),
        ("0 11 * * *", "1h", "", False),
        ("0 11 * * *", "61m", "", True),
        ("30 6 * * *", "1h", "America/New_York", True),
        ("30 11 * * *", "1h", "America/New_York", False),
        ("30 11 * * *", "1h", "No/Where", True),
        ("not a schedule", "1h", "", False),
        ("0 11 * * *", "not a duration", "", False),
    ],
)
def test_a_window_is_open_for_its_duration_in_its_zone(schedule: str, length: str, zone: str, *, active: bool) -> None:
    assert is_active(window("allow", schedule, length, timeZone=zone), NOON) is active


@pytest.mark.parametrize(
    ("lists", "concerns"),
    [
        ({"applications": ["we*"]}, True),
        ({"applications": ["x*"]}, False),
        ({"applications": ["x*"], "clusters": ["in-cluster"]}, True),
        ({"applications": ["x*"], "clusters": ["https://kubernetes*"]}, True),
        ({"applications": ["x*"], "clusters": ["in-cluster"], "andOperator": True}, False),
        ({"applications": ["web"], "namespaces": ["prod"], "andOperator": True}, True),
        ({}, False),
    ],
)
def test_which_applications_a_window_concerns(lists: dict[str, Any], *, concerns: bool) -> None:
    given = {"kind": "deny", "schedule": ACTIVE, "duration": "1h", **lists}
    assert bool(matching([read(SyncWindow, given)], "web", HERE, "prod")) is concerns


def test_the_next_change_is_the_close_of_an_open_window_or_the_opening_of_another() -> None:
    assert next_change([window("allow", "0 11 * * *", "90m")], NOON) == NOON + timedelta(minutes=30)
    assert next_change([window("allow", INACTIVE)], NOON) == NOON + timedelta(hours=8)
    assert next_change([], NOON) is None


def test_an_automated_sync_waits_for_its_window_and_starts_when_it_opens(bench: Bench) -> None:
    opens = bench.world.clock.now() + timedelta(hours=3)
    given = window("allow", f"{opens.minute} {opens.hour} * * *", "1h")
    bench.create_project("narrow", syncWindows=[given.raw])
    bench.create(application(project="narrow"))
    synced = bench.world.run_until(bench.synced)
    assert timedelta(hours=2, minutes=58) < synced - bench.world.clock.now() + timedelta(hours=3) < timedelta(hours=3.1)
    assert synced >= opens - timedelta(minutes=1)


def test_a_sync_outside_of_its_window_says_so_and_continues_when_it_opens(bench: Bench) -> None:
    opens = bench.world.clock.now() + timedelta(hours=3)
    given = window("allow", f"{opens.minute} {opens.hour} * * *", "1h")
    bench.create_project("narrow", syncWindows=[given.raw])
    bench.create(application(project="narrow", syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync()
    bench.world.run_until(lambda: bench.state().get("message") == windows.BLOCKED)
    assert bench.phase() == "Running"
    bench.world.pass_time(3600)
    assert bench.value("a") is None
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert bench.world.clock.now() >= opens - timedelta(minutes=1)
