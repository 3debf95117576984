"""Canaries of StatefulSets and DaemonSets."""

from __future__ import annotations

from typing import Any

from argosy.machinery.objects import Key, Resource
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory

PODS = Resource("", "v1", "pods", "Pod")
WORKLOADS = {
    "StatefulSet": Resource("apps", "v1", "statefulsets", "StatefulSet"),
    "DaemonSet": Resource("apps", "v1", "daemonsets", "DaemonSet"),
}
STEPS = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {"duration": 30}}]


def story(kind: str, replicas: int = 4, **strategy: Any) -> RolloutStory:
    world = RolloutStory()
    world.__enter__()
    spec: dict[str, Any] = {"selector": {"matchLabels": {"app": "db"}}, "template": template("db:v1")}
    if kind == "StatefulSet":
        spec |= {"replicas": replicas, "serviceName": "db"}
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": "db"}
    rollout = {"workloadRef": reference, "strategy": strategy or {"canary": {"steps": STEPS}}}
    world.given(
        [
            {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "db"}, "spec": spec},
            {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": rollout},
        ]
    )
    return world


def template(image: str) -> dict[str, Any]:
    return {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": image}]}}


def images(world: RolloutStory) -> list[str]:
    """By the names of the Pods."""
    pods = sorted(world.list(PODS, NAMESPACE), key=lambda pod: str(pod["metadata"]["name"]))
    alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    return [str(pod["spec"]["containers"][0]["image"]).removeprefix("db:") for pod in alive]


def update(world: RolloutStory, kind: str, image: str) -> None:
    world.patch(WORKLOADS[kind], "db", {"spec": {"template": template(image)}}, NAMESPACE)


def status(world: RolloutStory) -> dict[str, Any]:
    found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
    assert found is not None
    return dict(found["status"])


def test_a_stateful_set_is_updated_from_its_last_pod_on_as_the_steps_say() -> None:
    world = story("StatefulSet")
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        update(world, "StatefulSet", "db:v2")
        world.wait("Rollout/web", {"status.phase": "Paused", "status.currentStepIndex": 1})
        assert images(world) == ["v1", "v1", "v1", "v2"]
        world.command(["promote", "web"])
        world.wait("Rollout/web", {"status.phase": "Paused", "status.currentStepIndex": 3})
        assert images(world) == ["v1", "v1", "v2", "v2"]
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert images(world) == ["v2"] * 4
    finally:
        world.__exit__(None, None, None)


def test_an_aborted_stateful_set_rolls_back_pod_by_pod() -> None:
    world = story("StatefulSet")
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        update(world, "StatefulSet", "db:v2")
        world.wait("Rollout/web", {"status.phase": "Paused", "status.currentStepIndex": 1})
        world.command(["abort", "web"])
        world.wait("Rollout/web", {"status.phase": "Degraded"})
        world.pass_time(60)
        assert images(world) == ["v1"] * 4
        world.command(["retry", "rollout", "web"])
        world.wait("Rollout/web", {"status.phase": "Paused", "status.currentStepIndex": 1})
        assert images(world) == ["v1", "v1", "v1", "v2"]
    finally:
        world.__exit__(None, None, None)


def test_the_template_of_before_takes_every_pod_back_at_once() -> None:
    world = story("StatefulSet")
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        update(world, "StatefulSet", "db:v2")
        world.wait("Rollout/web", {"status.phase": "Paused", "status.currentStepIndex": 1})
        update(world, "StatefulSet", "db:v1")
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.pass_time(60)
        assert images(world) == ["v1"] * 4
    finally:
        world.__exit__(None, None, None)


def test_between_updates_a_changed_template_moves_nothing_by_itself() -> None:
    world = story("StatefulSet", canary={"steps": [{"setWeight": 0}, {"pause": {}}]})
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        update(world, "StatefulSet", "db:v2")
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert images(world) == ["v1"] * 4
    finally:
        world.__exit__(None, None, None)


def test_a_daemon_set_is_updated_by_evictions_as_the_steps_say() -> None:
    world = story("DaemonSet", canary={"steps": [{"pause": {}}]})
    try:
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        count = len(images(world))
        update(world, "DaemonSet", "db:v2")
        world.wait("Rollout/web", {"status.phase": "Paused"})
        assert images(world) == ["v1"] * count
        world.command(["promote", "web"])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert images(world) == ["v2"] * count
    finally:
        world.__exit__(None, None, None)


def test_a_strategy_that_distinguishes_versions_by_hash_is_refused() -> None:
    world = story("StatefulSet", blueGreen={"activeService": "active"})
    try:
        world.wait("Rollout/web", {"status.phase": "Degraded"})
        assert "updated by a canary only" in status(world)["message"]
    finally:
        world.__exit__(None, None, None)
