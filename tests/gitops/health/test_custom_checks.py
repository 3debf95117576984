"""Users' checks are run once per script, object and version, and never for what they do not concern."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.gitops.control_plane.customizations import customizations_of
from argosy.gitops.health.custom_checks import BATCH, PASSING_SECONDS, CustomChecks, Verdicts
from argosy.gitops.keys import resource_key
from argosy.machinery.objects import JsonObject
from argosy.render.lua.port import Answer, Call
from argosy.runtime.clock import RealClock

KEY = "resource.customizations.health"


def deployment(name: str = "web", version: str = "1", **metadata: Any) -> JsonObject:
    metadata = {"name": name, "namespace": "default", "uid": f"u-{name}", "resourceVersion": version, **metadata}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"paused": True}}


class Scripted:
    """Answers with what is in the script: `Healthy`, or an Answer of the test."""

    def __init__(self, **answer: Any) -> None:
        self.calls: list[Call] = []
        self._answer = answer

    async def evaluate(self, calls: Sequence[Call], now: datetime) -> list[Answer]:
        assert now.tzinfo is UTC
        self.calls += calls
        return [Answer(value={"status": call.script}, kind="table", **self._answer) for call in calls]


def judged(custom_checks: CustomChecks, verdicts: Verdicts, config: dict[str, str], *objects: JsonObject) -> list[str]:
    live = {resource_key(obj): obj for obj in objects}
    judge = asyncio.run(custom_checks.judge_for(live, customizations_of(config), verdicts)).judge
    return [found.status if (found := judge(obj)) else "" for obj in objects]


@pytest.fixture
def lua() -> Scripted:
    return Scripted()


@pytest.fixture
def judge(lua: Scripted) -> Callable[..., list[str]]:
    custom_checks, verdicts = CustomChecks(lua, RealClock()), Verdicts()
    return lambda config, *objects: judged(custom_checks, verdicts, config, *objects)


def test_a_users_check_outweighs_the_built_in_one(judge: Callable[..., list[str]]) -> None:
    assert judge({}, deployment()) == ["Suspended"]
    assert judge({f"{KEY}.apps_Deployment": "Degraded"}, deployment()) == ["Degraded"]
    assert judge({f"{KEY}.apps_StatefulSet": "Degraded"}, deployment()) == ["Suspended"]


def test_what_is_being_deleted_is_not_asked_about(judge: Callable[..., list[str]], lua: Scripted) -> None:
    leaving = deployment(deletionTimestamp="2026-08-01T00:00:00Z")
    assert judge({f"{KEY}.apps_Deployment": "Healthy"}, leaving) == ["Progressing"]
    assert lua.calls == []


def test_an_unchanged_object_costs_nothing_and_a_changed_one_is_judged_again(
    judge: Callable[..., list[str]], lua: Scripted
) -> None:
    config = {f"{KEY}.apps_Deployment": "Healthy"}
    objects = [deployment(f"web-{number}") for number in range(5)]
    for _ in range(3):
        assert judge(config, *objects) == ["Healthy"] * 5
    assert len(lua.calls) == 5
    judge(config, *objects[:4], deployment("web-4", version="2"))
    assert len(lua.calls) == 6
    judge(config, *objects[:4], deployment("web-4", version="2", uid="another"))
    assert len(lua.calls) == 7


def test_a_change_of_the_settings_judges_again(judge: Callable[..., list[str]], lua: Scripted) -> None:
    assert judge({f"{KEY}.apps_Deployment": "Healthy"}, deployment()) == ["Healthy"]
    assert judge({f"{KEY}.apps_Deployment": "Degraded"}, deployment()) == ["Degraded"]
    assert judge({}, deployment()) == ["Suspended"]
    assert judge({f"{KEY}.apps_Deployment": "Degraded"}, deployment()) == ["Degraded"]
    assert len(lua.calls) == 3


@pytest.mark.parametrize("answer", [{"is_timed": True}, {"is_passing": True}, {"error": "no", "is_passing": True}])
def test_what_may_be_different_next_time_is_not_remembered(answer: dict[str, Any]) -> None:
    lua = Scripted(**answer)
    custom_checks, verdicts = CustomChecks(lua, RealClock()), Verdicts()
    for _ in range(2):
        judged(custom_checks, verdicts, {f"{KEY}.apps_Deployment": "Healthy"}, deployment())
    assert (len(lua.calls), verdicts, custom_checks.evaluated) == (2, {}, 2)


@pytest.mark.parametrize(
    ("answer", "timed_seconds", "again_after"),
    [
        ({}, 120.0, None),
        ({"error": "no"}, 120.0, None),
        ({"is_timed": True}, 120.0, 120.0),
        ({"is_timed": True}, 0.0, None),
        ({"is_passing": True}, 0.0, PASSING_SECONDS),
        ({"is_passing": True, "is_timed": True}, 120.0, PASSING_SECONDS),
    ],
)
def test_what_may_be_different_has_a_time_to_be_judged_again(
    answer: dict[str, Any], timed_seconds: float, again_after: float | None
) -> None:
    live = {resource_key(deployment()): deployment()}
    told = customizations_of({f"{KEY}.apps_Deployment": "Healthy"})
    custom_checks = CustomChecks(Scripted(**answer), RealClock())
    assert asyncio.run(custom_checks.judge_for(live, told, {}, timed_seconds)).again_after == again_after


def test_a_look_that_is_broken_off_keeps_the_verdicts_it_has() -> None:
    class Stopping(Scripted):
        async def evaluate(self, calls: Sequence[Call], now: datetime) -> list[Answer]:
            if self.calls:
                raise TimeoutError
            return await super().evaluate(calls, now)

    verdicts: Verdicts = {}
    objects = [deployment(f"web-{number}") for number in range(BATCH + 1)]
    with pytest.raises(TimeoutError):
        judged(CustomChecks(Stopping(), RealClock()), verdicts, {f"{KEY}.apps_Deployment": "Healthy"}, *objects)
    assert len(verdicts) == BATCH


def test_a_failure_of_the_scripts_own_is_remembered() -> None:
    lua = Scripted(error="no", is_breach=True)
    custom_checks, verdicts = CustomChecks(lua, RealClock()), Verdicts()
    for _ in range(2):
        assert judged(custom_checks, verdicts, {f"{KEY}.apps_Deployment": "x"}, deployment()) == ["Unknown"]
    assert len(lua.calls) == 1


def test_without_an_evaluator_what_a_user_should_judge_is_unknown() -> None:
    custom_checks = CustomChecks(None, RealClock())
    assert judged(custom_checks, {}, {f"{KEY}.apps_Deployment": "Healthy"}, deployment()) == ["Unknown"]
    assert judged(custom_checks, {}, {}, deployment()) == ["Suspended"]
