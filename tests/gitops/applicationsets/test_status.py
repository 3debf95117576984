"""What a set reports: its health, its conditions and their times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from argosy.apis.argoproj.applicationset.status import SetCondition, SetHealth
from argosy.apis.schema import read
from argosy.gitops.applicationsets import status
from argosy.gitops.applicationsets.reconcile import Problem
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def views(conditions: list[JsonObject]) -> list[SetCondition]:
    return [read(SetCondition, one) for one in conditions]


def told(*found: status.Found, before: list[JsonObject] | None = None, keep: bool = False) -> list[JsonObject]:
    return status.conditions(views(before or []), found, NOON, keep_rollout=keep)


@pytest.mark.parametrize(
    ("found", "word"),
    [
        ([], "Unknown"),
        (status.succeeded(), "Healthy"),
        ([*status.succeeded(), status.rollout(2)], "Progressing"),
        ([*status.succeeded(), status.rollout(None)], "Healthy"),
        (status.failed("R", "m", generated=False), "Degraded"),
        ([*status.failed("R", "m", generated=True), status.rollout(1)], "Degraded"),
    ],
)
def test_health_is_the_gravest_of_what_holds(found: list[status.Found], word: str) -> None:
    made = status.health(None, told(*found), NOON)
    assert (made["status"], made["lastTransitionTime"]) == (word, seconds(NOON))
    assert status.health(read(SetHealth, made), told(*found), LATER) == made


def test_a_condition_that_says_the_same_keeps_its_time() -> None:
    before = told(*status.succeeded())
    assert status.conditions(views(before), status.succeeded(), LATER, keep_rollout=False) == before
    after = status.conditions(views(before), status.failed("R", "m", generated=True), LATER, keep_rollout=False)
    times = {item["type"]: item["lastTransitionTime"] for item in after}
    assert times == {
        "ErrorOccurred": seconds(LATER), "ParametersGenerated": seconds(NOON), "ResourcesUpToDate": seconds(LATER),
    }  # fmt: skip


@pytest.mark.parametrize("generated", [True, False])
def test_an_error_is_reported_with_its_reason_and_nothing_is_up_to_date(generated: bool) -> None:
    by_type = {
        item["type"]: (item["status"], item["reason"]) for item in told(*status.failed("R", "m", generated=generated))
    }
    assert by_type["ErrorOccurred"] == ("True", "R")
    assert by_type["ResourcesUpToDate"] == ("False", "ErrorOccurred")
    assert by_type["ParametersGenerated"] == (
        ("True", "ParametersGenerated") if generated else ("False", "ErrorOccurred")
    )


def test_what_was_left_alone_and_what_was_refused_is_reported_together() -> None:
    found = status.outcome([Problem("a", "no project")], [("CreateApplicationError", "denied")])
    assert (found[0].reason, found[0].message) == ("CreateApplicationError", "a: no project; denied")
    assert status.outcome([Problem("a", "x")], [])[0].reason == "ApplicationValidationError"
    assert status.outcome([], []) == status.succeeded()


@pytest.mark.parametrize("keep", [True, False])
def test_conditions_of_a_rollout_stay_only_where_there_is_still_one(keep: bool) -> None:
    before = told(*status.succeeded(), status.rollout(1), status.rollout_config(""))
    kinds = {item["type"] for item in told(*status.succeeded(), before=before, keep=keep)}
    assert ({"RolloutProgressing", "InvalidRolloutConfig"} <= kinds) is keep


def test_at_most_so_many_applications_are_listed_by_name_and_all_are_counted() -> None:
    apps = [{"metadata": {"name": name, "namespace": "n"}} for name in "cab"]
    rows, count = status.resources(apps, 2)
    assert ([row["name"] for row in rows], count) == (["a", "b"], 3)
