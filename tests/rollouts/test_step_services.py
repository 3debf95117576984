"""Step plug-ins that are services of users."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from argosy.machinery.objects import Key
from argosy.rollouts.ports import RunStep, StepAnswer
from argosy.rollouts.step_services import ANSWER_LIMIT, StepServices, answerers, read
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.engine import Answerer
from argosy.sources.egress import Egress, EgressPolicy
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE
from tests.kit.scripted_http import Asked, Reply, ScriptedHttp

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


def test_an_unknown_plug_in_holds_the_rollout_at_its_step_and_is_reported() -> None:
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
        (b"<html>", "is not JSON"),
        (b'{"phase": "Done"}', "phase 'Done' is none of Running, Successful, Failed, Error"),
        (b'{"phase": "Running", "requeueAfter": "soon"}', "requeueAfter"),
    ],
)
def test_an_answer_that_is_none_is_reported(body: bytes, problem: str) -> None:
    assert problem in read(body, PLUGIN).problem


# -- over a real connection --------------------------------------------------------------------------------------------


def question(url: str) -> RunStep:
    state = json.dumps({"job": "7"})
    return RunStep("u1", "shop", "web", "abc", 2, PLUGIN, "Run", 3, json.dumps({"path": "/hot"}), state, url)


def over_http(answer: Callable[[Asked], Reply], policy: EgressPolicy | None = None) -> tuple[StepAnswer, list[Asked]]:
    async def work() -> tuple[StepAnswer, list[Asked]]:
        async with ScriptedHttp(answer).running() as server:
            egress = Egress(policy or EgressPolicy(allow_loopback=True))
            try:
                asking = answerers(egress, RealClock())[RunStep]
                return await asking.answer(question(f"{server.url}/step")), server.asked
            finally:
                await egress.close()

    return asyncio.run(work())


def test_a_service_is_asked_by_one_post_and_its_answer_taken() -> None:
    said = {"phase": "Running", "message": "warm", "requeueAfter": "1m", "status": {"job": "8"}}
    answer, asked = over_http(lambda request: (200, said))
    wanted = StepAnswer(phase="Running", message="warm", requeue_after=timedelta(minutes=1), state={"job": "8"})
    assert answer == wanted
    (request,) = asked
    assert (request.method, request.path, request.headers["content-type"]) == ("POST", "/step", "application/json")
    assert request.json == {
        "operation": "Run",
        "rollout": {"name": "web", "namespace": "shop", "uid": "u1"},
        "podTemplateHash": "abc",
        "step": 2,
        "execution": 3,
        "config": {"path": "/hot"},
        "status": {"job": "7"},
    }


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((500, {}), "answered 500"),
        ((302, {}), "answered 302"),
        ((200, b"<html>"), "not JSON"),
        ((200, b"x" * (ANSWER_LIMIT + 1)), "larger than the limit"),
    ],
)
def test_what_a_service_garbles_is_a_problem_and_no_success(reply: Reply, told: str) -> None:
    answer, _ = over_http(lambda request: reply)
    assert answer.phase == ""
    assert f"step plugin {PLUGIN}: " in answer.problem
    assert told in answer.problem


def test_a_service_that_is_not_there_is_a_problem() -> None:
    async def work() -> StepAnswer:
        egress = Egress(EgressPolicy(allow_loopback=True))
        try:
            return await StepServices(egress, RealClock()).run(question("http://127.0.0.1:1/"))
        finally:
            await egress.close()

    assert asyncio.run(work()).problem.startswith(f"step plugin {PLUGIN}: ")


def test_a_service_may_not_stand_where_the_egress_policy_forbids_it() -> None:
    answer, asked = over_http(lambda request: (200, {"phase": "Successful"}), EgressPolicy())
    assert "this machine's own" in answer.problem
    assert asked == []
