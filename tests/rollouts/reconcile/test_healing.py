"""A status that is stale or that somebody changed is worked out again, without waiting for anything else to happen."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import Key
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

WRONG: tuple[dict[str, Any], ...] = (
    {"phase": "Degraded", "message": "it was long ago"},
    {"replicas": 9, "updatedReplicas": 9, "availableReplicas": 0, "readyReplicas": 0},
    {"observedGeneration": "0"},
    {"conditions": []},
    {"currentPodHash": "abc"},
)


def manifest() -> dict[str, Any]:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
    strategy = {"strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}}
    metadata = {"name": "web"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": {**spec, **strategy}}


def told(world: RolloutStory) -> dict[str, Any]:
    found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
    assert found is not None
    status = dict(found["status"])
    numbers = ("phase", "message", "replicas", "updatedReplicas", "availableReplicas", "readyReplicas")
    return {name: status.get(name) for name in (*numbers, "observedGeneration", "currentPodHash", "stableRS")}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_status_that_is_not_true_is_put_right_at_once(wrong: dict[str, Any]) -> None:
    with RolloutStory() as world:
        world.given([manifest()])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        before, pods = told(world), len(world.history)
        world.patch(ROLLOUTS, "web", {"status": wrong}, NAMESPACE, subresource="status")
        world.pass_time(5)
        assert told(world) == before
        touched = {kind for _, kind, _, _ in world.history[pods:]}
        assert touched == {"Rollout"}  # no pod was touched for it
