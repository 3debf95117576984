"""An ALB canary continues when the load balancer has the weight; old pods stay until the new ones are registered."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from argosy.machinery.objects import Key, Resource
from argosy.rollouts import RolloutSettings
from argosy.rollouts.load_balancers import answerers
from argosy.rollouts.load_balancers.simulated import SimulatedLoadBalancers
from argosy.rollouts.ports import AskBalancer, AskTargets, BalancerAnswer, TargetsAnswer
from argosy.runtime.clock import Clock
from tests.kit.rollout_story import NAMESPACE, REPLICA_SETS, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
HOST = "alb.example.test"
SETTINGS = RolloutSettings(verify_target_groups=True)


class Amazon:
    """Behind by so many seconds: a load balancer has what its Ingress said then."""

    def __init__(self, behind: float = 0.0, problem: str = "") -> None:
        self.behind, self.problem = behind, problem
        self.registered = True
        self.asked: list[tuple[datetime, AskBalancer | AskTargets]] = []
        self.clock: Clock
        self.world: RolloutStory
        self._past: list[tuple[datetime, Any]] = []

    async def balancer(self, question: AskBalancer) -> BalancerAnswer:
        now = self.clock.now()
        self.asked.append((now, question))
        if self.problem:
            return BalancerAnswer(problem=self.problem)
        await self.remember()
        then = [seen for at, seen in self._past if at <= now - timedelta(seconds=self.behind)]
        return await SimulatedLoadBalancers(lambda: then[-1] if then else ()).balancer(question)

    async def targets(self, question: AskTargets) -> TargetsAnswer:
        self.asked.append((self.clock.now(), question))
        return TargetsAnswer(question.targets if self.registered else frozenset())

    async def remember(self) -> None:
        self._past.append((self.clock.now(), (await self.world.client.list(INGRESSES, NAMESPACE)).items))


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def binding(name: str) -> dict[str, Any]:
    spec = {"serviceRef": {"name": name, "port": 80}, "targetGroupARN": f"arn:{name}", "targetType": "ip"}
    return {
        "apiVersion": "elbv2.k8s.aws/v1beta1",
        "kind": "TargetGroupBinding",
        "metadata": {"name": name},
        "spec": spec,
    }


def ingress() -> dict[str, Any]:
    backend = {"service": {"name": "stable", "port": {"name": "use-annotation"}}}
    paths = [{"path": "/*", "pathType": "ImplementationSpecific", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "annotations": {"simulation.argosy.dev/address": HOST}},
        "spec": {"ingressClassName": "alb", "rules": [{"http": {"paths": paths}}]},
    }


def story(amazon: Amazon, strategy: dict[str, Any], *more: dict[str, Any]) -> RolloutStory:
    world = RolloutStory(settings=SETTINGS, answerers=answerers(amazon))
    amazon.clock, amazon.world = world.clock, world
    world.__enter__()
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE, "strategy": strategy}
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": spec}
    world.given([*more, rollout])
    world.wait("Rollout/web", {"status.phase": "Healthy"})
    return world


def alb(*steps: dict[str, Any], **canary: Any) -> dict[str, Any]:
    routing = {"alb": {"ingress": "web", "servicePort": 80}}
    return {
        "canary": {
            "canaryService": "canary",
            "stableService": "stable",
            "trafficRouting": routing,
            "steps": list(steps),
            **canary,
        }
    }


def status(world: RolloutStory) -> dict[str, Any]:
    found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
    assert found is not None
    return dict(found["status"])


def reasons(world: RolloutStory) -> list[str]:
    return [event.reason for _, event in world.told]


def test_a_weight_step_is_left_when_the_load_balancer_has_the_weight() -> None:
    amazon = Amazon(behind=15.0)
    world = story(amazon, alb({"setWeight": 40}, {"pause": {}}), service("canary"), service("stable"), ingress())
    try:
        world.run(amazon.remember())
        world.pass_time(20)
        begun = world.clock.now()
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        asked = [at for at, question in amazon.asked if at >= begun and isinstance(question, AskBalancer)]
        assert timedelta(seconds=15) <= world.clock.now() - begun
        assert [round((later - at).total_seconds()) for at, later in pairwise(asked)][-2:] == [10, 10]
        told = [event.message for _, event in world.told if event.reason.startswith("TargetGroup")]
        assert [text.rpartition(": ")[2] for text in told][-2:] == ["0)", "canary weight 40 set"]
        found = status(world)
        assert found["canary"]["weights"]["canary"]["weight"] == 40
        assert found["alb"]["ingress"] == "web"
        assert found["alb"]["canaryTargetGroup"]["name"] == "canary"
        assert found["albs"] == [found["alb"]]
        before = len(amazon.asked)
        world.pass_time(600)
        assert len(amazon.asked) == before  # a pause asks nothing
    finally:
        world.__exit__(None, None, None)


def test_a_router_that_verifies_nothing_does_not_hide_that_the_load_balancer_is_behind() -> None:
    amazon, strategy = Amazon(behind=35.0), alb({"setWeight": 40}, {"pause": {}})
    strategy["canary"]["trafficRouting"]["smi"] = {}
    world = story(amazon, strategy, service("canary"), service("stable"), ingress())
    try:
        world.run(amazon.remember())
        world.pass_time(40)
        begun = world.clock.now()
        world.command(["set", "image", "web", "app=app:v2"])
        world.pass_time(10)
        assert status(world)["canary"]["weights"]["verified"] is False
        assert status(world)["currentStepIndex"] == 0
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert world.clock.now() - begun >= timedelta(seconds=35)
    finally:
        world.__exit__(None, None, None)


def test_nothing_old_is_scaled_down_before_the_load_balancer_follows_at_the_end() -> None:
    amazon = Amazon()
    world = story(amazon, alb({"setWeight": 50}), service("canary"), service("stable"), ingress())
    try:
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.currentStepIndex": 1}, quiet=False)
        amazon.problem = "DescribeLoadBalancers: Throttling"
        world.pass_time(300)
        old = min(world.list(REPLICA_SETS, NAMESPACE), key=lambda obj: str(obj["metadata"]["creationTimestamp"]))
        assert old["spec"]["replicas"] == 2
        assert status(world)["stableRS"] != status(world)["currentPodHash"]
        assert "WeightVerifyError" in reasons(world)
        amazon.problem = ""
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert status(world)["stableRS"] == status(world)["currentPodHash"]
    finally:
        world.__exit__(None, None, None)


def test_the_same_weight_after_an_abort_is_verified_again() -> None:
    amazon = Amazon()
    world = story(amazon, alb({"setWeight": 40}, {"pause": {}}), service("canary"), service("stable"), ingress())
    try:
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        world.command(["abort", "web"])
        world.wait("Rollout/web", {"status.phase": "Degraded"})
        amazon.behind = 25.0
        amazon._past.clear()
        begun = world.clock.now()
        world.command(["retry", "rollout", "web"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert world.clock.now() - begun >= timedelta(seconds=25)
    finally:
        world.__exit__(None, None, None)


def test_blue_green_is_promoted_when_the_pods_of_the_active_service_are_registered() -> None:
    amazon = Amazon()
    strategy = {"blueGreen": {"activeService": "active", "scaleDownDelaySeconds": 5}}
    world = story(amazon, strategy, service("active"), binding("active"))
    try:
        amazon.registered = False
        world.command(["set", "image", "web", "app=app:v2"])
        world.pass_time(60)
        found = status(world)
        assert found["blueGreen"]["activeSelector"] == found["currentPodHash"] != found["stableRS"]
        assert found["message"] == "waiting for post-promotion verification to complete"
        assert reasons(world).count("TargetGroupUnverified") in (5, 6)  # one for each asking, ten seconds apart
        amazon.registered = True
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert reasons(world).count("TargetGroupVerified") == 1
        wanted = [question.targets for _, question in amazon.asked if isinstance(question, AskTargets)][-1]
        assert len(wanted) == 2
        assert all(target.endswith(":8080") for target in wanted)
    finally:
        world.__exit__(None, None, None)


@pytest.mark.parametrize("registered", [True, False])
def test_an_alb_canary_keeps_its_old_pods_until_those_of_the_stable_service_are_registered(registered: bool) -> None:
    amazon = Amazon()
    world = story(
        amazon, alb(scaleDownDelaySeconds=5), service("canary"), service("stable"), ingress(), binding("stable")
    )
    try:
        amazon.registered = registered
        world.command(["set", "image", "web", "app=app:v2"])
        world.pass_time(120)
        sizes = [obj["spec"]["replicas"] for obj in world.list(REPLICA_SETS, NAMESPACE)]
        assert sorted(sizes) == ([0, 2] if registered else [2, 2])
    finally:
        world.__exit__(None, None, None)
