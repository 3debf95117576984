"""What a Rollout waits for, in one line."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from argosy.apis.rollouts import Rollout
from argosy.apis.schema import read
from argosy.machinery.objects import Key
from argosy.rollouts.resources import WAITING
from argosy.rollouts.status.waiting import waiting_for
from tests.kit.rollout_story import NAMESPACE, REPLICA_SETS, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE, blue_green, canary

SINCE = "2030-01-01T00:00:00Z"
STEPS = [{"setWeight": 20}, {"pause": {"duration": "1h"}}, {"pause": {}}, {"analysis": {}}]


def paused(reason: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"pauseConditions": [{"reason": reason, "startTime": SINCE}], "currentStepIndex": index, **more}


@pytest.mark.parametrize(
    ("rollout", "text"),
    [
        (canary(steps=STEPS), ""),
        (
            canary(steps=STEPS, status=paused("CanaryPauseStep", 1)),
            "the pause of step 2/4, until 2030-01-01T01:00:00Z",
        ),
        (
            canary(steps=STEPS, status=paused("CanaryPauseStep", 2)),
            "a person to promote it: step 3/4 is a pause without end",
        ),
        (
            canary(steps=STEPS, status=paused("InconclusiveAnalysisRun", 3)),
            "a person to promote or abort it: an analysis was inconclusive",
        ),
        (
            blue_green(autoPromotionSeconds=90, status=paused("BlueGreenPause")),
            "autoPromotionSeconds, until 2030-01-01T00:01:30Z",
        ),
        (
            blue_green(autoPromotionEnabled=False, status=paused("BlueGreenPause")),
            "a person to promote it: autoPromotionEnabled is false",
        ),
        (canary(steps=STEPS, status={"abort": True}), "a retry or another version: the update was aborted"),
        (
            canary(
                steps=STEPS,
                status={
                    "currentStepIndex": 3,
                    "canary": {"currentStepAnalysisRunStatus": {"name": "web-1", "status": "Running"}},
                },
            ),
            "AnalysisRun web-1, of step 4/4",
        ),
        (
            canary(status={"canary": {"weights": {"canary": {"weight": 20}, "verified": False}}}),
            "the traffic router to confirm weight 20",
        ),
    ],
)
def test_the_reason_for_waiting_names_who_or_when(rollout: Rollout, text: str) -> None:
    assert waiting_for(rollout) == text


def test_what_stopped_a_router_is_the_reason_when_nothing_else_is() -> None:
    assert waiting_for(canary(), "no VirtualService web") == "the traffic router: no VirtualService web"


def test_the_reason_is_annotated_while_it_lasts_and_then_removed() -> None:
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": TEMPLATE,
        "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": 30}}]}},
    }
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": spec}
    with RolloutStory() as world:
        world.given([manifest])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert WAITING not in notes(world)
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        ends = world.clock.now() + timedelta(seconds=30)
        assert notes(world)[WAITING].startswith("the pause of step 2/2, until ")
        assert f"{ends:%Y-%m-%dT%H}" in notes(world)[WAITING]
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert WAITING not in notes(world)
        sets = world.list(REPLICA_SETS, NAMESPACE)
        assert not any(WAITING in (obj["metadata"].get("annotations") or {}) for obj in sets)


def notes(world: RolloutStory) -> dict[str, str]:
    found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
    return read(Rollout, found or {}).annotations
