"""Services that Rollouts no longer name."""

from __future__ import annotations

from typing import Any

from argosy.machinery.objects import Key, Resource
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

SERVICES = Resource("", "v1", "services", "Service")


def service(name: str) -> dict[str, Any]:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def rollout(**canary: Any) -> dict[str, Any]:
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
        "template": TEMPLATE,
        "strategy": {"canary": canary},
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": spec}


def selector(world: RolloutStory, name: str) -> dict[str, str]:
    found = world.get(SERVICES, Key(NAMESPACE, name))
    assert found is not None
    return dict(found["spec"]["selector"])


def test_a_service_that_its_rollout_no_longer_names_loses_the_hash_and_the_note() -> None:
    with RolloutStory() as world:
        world.given([service("old"), service("new"), rollout(stableService="old")])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert "rollouts-pod-template-hash" in selector(world, "old")
        world.patch(ROLLOUTS, "web", {"spec": {"strategy": {"canary": {"stableService": "new"}}}}, NAMESPACE)
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert selector(world, "old") == {"app": "web"}
        assert "rollouts-pod-template-hash" in selector(world, "new")


def test_a_service_is_let_go_when_its_rollout_is_deleted() -> None:
    with RolloutStory() as world:
        world.given([service("stable"), rollout(stableService="stable")])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.delete(ROLLOUTS, "web", NAMESPACE)
        world.quiet()
        assert selector(world, "stable") == {"app": "web"}


def test_a_service_that_no_rollout_ever_managed_is_left_alone() -> None:
    with RolloutStory() as world:
        foreign = service("foreign")
        foreign["spec"]["selector"]["rollouts-pod-template-hash"] = "abc"
        world.given([foreign])
        world.quiet()
        assert selector(world, "foreign")["rollouts-pod-template-hash"] == "abc"
