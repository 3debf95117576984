"""A promotion is never lost, whatever else changes in the same moment. Source: spec/rollouts.md 7 and 8.4."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import Key
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

STRATEGIES: dict[str, dict[str, Any]] = {
    "canary": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
    "blueGreen": {"blueGreen": {"activeService": "active", "autoPromotionEnabled": False}},
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_promotion_counts_when_an_autoscaler_changes_the_size_at_the_same_time(strategy: str) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "active"}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}}
    with RolloutStory() as world:
        world.given(
            [
                {**service, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
                {**rollout, "spec": {**spec, "strategy": STRATEGIES[strategy]}},
            ]
        )
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        world.kill()  # so that the controller sees both changes at once
        world.command(["promote", "web"])
        world.patch(ROLLOUTS, "web", {"spec": {"replicas": 3}}, NAMESPACE)
        world.start()
        world.pass_time(60)
        found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
        assert found is not None
        assert found["status"]["phase"] == "Healthy"
        assert found["status"]["stableRS"] == found["status"]["currentPodHash"]
        assert found["status"]["updatedReplicas"] == 3
        assert "controllerPause" not in found["status"]
