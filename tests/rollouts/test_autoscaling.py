"""A HorizontalPodAutoscaler sizes Rollouts through their scale subresource. Source: spec/rollouts.md 4 and 8.4."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from argosy.machinery.objects import Key, Resource
from tests.kit.rollout_story import NAMESPACE, REPLICA_SETS, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

PODS = Resource("", "v1", "pods", "Pod")
METRIC = {
    "type": "Pods",
    "pods": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "10"}},
}
STRATEGIES: dict[str, dict[str, Any]] = {
    "canary": {"canary": {"maxSurge": 1, "maxUnavailable": 0, "steps": [{"setWeight": 50}, {"pause": {}}]}},
    "blueGreen": {"blueGreen": {"activeService": "active", "autoPromotionEnabled": False}},
}


def manifests(strategy: str) -> list[dict[str, Any]]:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "active"}}
    return [
        {**service, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
        {**rollout, "spec": {**spec, "strategy": STRATEGIES[strategy]}},
    ]


def autoscaler() -> dict[str, Any]:
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 8, "metrics": [METRIC]}
    kind = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web"}}
    return {**kind, "spec": spec}


def rule(image: str, queue: int) -> dict[str, Any]:
    return {"match": {"image": image}, "effect": {"metrics": {"queue": queue}}}


def rollout(world: RolloutStory) -> dict[str, Any]:
    found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
    assert found is not None
    return found


def pods(world: RolloutStory) -> Counter[str]:
    return Counter(str(pod["spec"]["containers"][0]["image"]) for pod in world.list(PODS, NAMESPACE))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_rollout_that_is_not_updated_is_sized_by_its_pods(strategy: str) -> None:
    with RolloutStory(rules=[rule("*", 20)]) as world:
        world.given([*manifests(strategy), autoscaler()])
        world.wait("Rollout/web", {"spec.replicas": 4})
        world.wait("Rollout/web", {"status.phase": "Healthy", "status.availableReplicas": 4})
        assert rollout(world)["status"]["HPAReplicas"] == 4


def test_a_canary_is_resized_between_its_steps_and_keeps_its_weight() -> None:
    with RolloutStory(rules=[rule("app:v1", 10), rule("app:v2", 30)]) as world:
        world.given(manifests("canary"))
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert pods(world) == {"app:v1": 1, "app:v2": 1}
        world.given([autoscaler()])
        world.wait("Rollout/web", {"spec.replicas": 4})  # both versions count: 20 on average
        world.wait("Rollout/web", {"status.phase": "Paused", "status.availableReplicas": 4})
        assert pods(world) == {"app:v1": 2, "app:v2": 2}
        assert rollout(world)["status"]["currentStepIndex"] == 1


def test_only_the_active_version_of_a_blue_green_rollout_counts_and_both_are_resized() -> None:
    with RolloutStory(rules=[rule("app:v1", 15), rule("app:v2", 90)]) as world:
        world.given(manifests("blueGreen"))
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        world.given([autoscaler()])
        world.wait("Rollout/web", {"spec.replicas": 3})
        world.pass_time(5)
        assert rollout(world)["spec"]["replicas"] == 3
        assert {one["spec"]["replicas"] for one in world.list(REPLICA_SETS, NAMESPACE)} == {3}
        assert rollout(world)["status"]["HPAReplicas"] == 3
