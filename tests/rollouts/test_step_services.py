"""Step plug-ins that are services of users."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from argosy.machinery.objects import Key
from argosy.rollouts.ports import RunStep, StepAnswer
from argosy.rollouts.step_services import read
from argosy.runtime.clock import Clock
from argosy.runtime.engine import Answerer
from kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from kit.rollouts import TEMPLATE

PLUGIN = "acme/warm-up"
SERVICES = json.dumps(
    [{"name": PLUGIN, "url": "http://warm-up.acme/"}, {"name": "acme/off", "url": "x", "disabled": 1}]
)


class Script:
    """Answers in order; the last answer stays. `asked` are the questions."""

    def __init__(self, *answers: StepAnswer) -> None:
        self.answers, self.asked = list(answers), list[RunStep]()
        self.at: list[datetime] = []
        self.clock: Clock | None = None

    async def run(self, question: RunStep) -> StepAnswer:
        self.asked.append(question)
        assert self.clock is not None
        self.at.append(self.clock.now())
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def story(script: Script, *, plugin: str = PLUGIN) -> RolloutStory:
    world = RolloutStory(answerers={RunStep: Answerer(answer=script.run)})
    script.clock = world.clock
    world.__enter__()
    world.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argo-rollouts"}})
    metadata = {"name": "argo-rollouts-config", "namespace": "argo-rollouts"}
    data = {"stepPluginServices": SERVICES}
    world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    step = {"plugin": {"name": plugin, "config": {"path": "/hot"}}}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": TEMPLATE,
        "strategy": {"canary": {"steps": [step, {"setWeight": 50}]}},
    }
    world.given([{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": spec}])
    world.wait("Rollout/web", {"status.phase": "Healthy"})
    world.command(["set", "image", "web", "app=app:v2"])
    return world


def status(world: RolloutStory) -> dict[str, Any]:
    found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
    assert found is not None
    return dict(found["status"])


def test_a_step_runs_until_its_service_says_so_and_hands_on_what_that_said() -> None:
    script = Script(StepAnswer(phase="Running", state={"seen": 1}), StepAnswer(phase="Successful"))
    world = story(script)
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        first, second = script.asked
        assert script.at[1] - script.at[0] >= timedelta(seconds=34)  # times are kept to the second
        assert (first.operation, first.url, first.state) == ("Run", "http://warm-up.acme/", "null")
        assert json.loads(first.config) == {"path": "/hot"}
        assert json.loads(second.state) == {"seen": 1}
    finally:
        world.__exit__(None, None, None)


def test_a_step_that_fails_aborts_the_update() -> None:
    world = story(Script(StepAnswer(phase="Failed", message="cold")))
    try:
        world.wait("Rollout/web", {"status.phase": "Degraded"})
        assert "Step Plugin 1 (acme/warm-up) failed: cold" in status(world)["message"]
    finally:
        world.__exit__(None, None, None)


def test_a_disabled_plug_in_lets_its_step_pass() -> None:
    script = Script(StepAnswer(phase="Failed"))
    world = story(script, plugin="acme/off")
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert script.asked == []
    finally:
        world.__exit__(None, None, None)


def test_an_unknown_plug_in_holds_the_rollout_at_its_step_and_is_told() -> None:
    world = story(Script(StepAnswer(phase="Successful")), plugin="acme/none")
    try:
        world.pass_time(60)
        assert status(world).get("currentStepIndex") == 0
        told = [event.message for _, event in world.told if event.reason == "ReconciliationError"]
        assert any("acme/none not configured in configmap" in text for text in told)
    finally:
        world.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>", "is no JSON"),
        (b'{"phase": "Done"}', "phase 'Done' is none of Running, Successful, Failed, Error"),
        (b'{"phase": "Running", "requeueAfter": "soon"}', "requeueAfter"),
    ],
)
def test_an_answer_that_is_none_is_told(body: bytes, problem: str) -> None:
    assert problem in read(body, PLUGIN).problem
