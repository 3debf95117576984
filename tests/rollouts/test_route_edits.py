"""Routes that somebody else edits."""

from __future__ import annotations

from typing import Any

from argosy.machinery.api import PatchType
from argosy.machinery.objects import Key, Resource
from argosy.rollouts.resources import WAITING
from tests.kit.rollout_story import NAMESPACE, ROLLOUTS, RolloutStory
from tests.kit.rollouts import TEMPLATE

ROUTES = Resource("networking.istio.io", "v1alpha3", "virtualservices", "VirtualService")


def story() -> RolloutStory:
    world = RolloutStory()
    world.__enter__()
    services = [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": [{"port": 80}]}}
        for name in ("stable", "canary")
    ]
    for service in services:
        service["spec"]["selector"] = {"app": "web"}  # type: ignore[index]
    route = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": {"http": [{"name": "main", "route": routes(100, 0)}]},
    }
    canary = {
        "stableService": "stable",
        "canaryService": "canary",
        "trafficRouting": {"istio": {"virtualService": {"name": "web"}}},
        "steps": [{"setWeight": 20}, {"pause": {}}],
    }
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": TEMPLATE}
    rollout = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}}
    world.given([*services, route, {**rollout, "spec": {**spec, "strategy": {"canary": canary}}}])
    world.wait("Rollout/web", {"status.phase": "Healthy"})
    world.command(["set", "image", "web", "app=app:v2"])
    world.wait("Rollout/web", {"status.phase": "Paused"})
    return world


def routes(stable: int, canary: int) -> list[dict[str, Any]]:
    return [
        {"destination": {"host": "stable"}, "weight": stable},
        {"destination": {"host": "canary"}, "weight": canary},
    ]


def edit(world: RolloutStory, canary: int) -> None:
    body = {"spec": {"http": [{"name": "main", "route": routes(100 - canary, canary)}]}}
    write = world.client.patch(ROUTES, "web", NAMESPACE, body, PatchType.MERGE, field_manager="kubectl-edit")
    world.pass_time(2)
    world.run(write)
    world.pass_time(2)


def weight(world: RolloutStory) -> int:
    found = world.get(ROUTES, Key(NAMESPACE, "web"))
    assert found is not None
    return int(found["spec"]["http"][0]["route"][1]["weight"])


def told(world: RolloutStory) -> list[str]:
    return [event.message for _, event in world.told if event.reason == "RouteEdited"]


def test_an_edit_is_reported_with_its_manager_and_put_right() -> None:
    world = story()
    try:
        edit(world, 77)
        assert weight(world) == 20
        assert told(world) == [
            "VirtualService web was changed by 'kubectl-edit' while 20% are for the canary: the change is reverted"
        ]
    finally:
        world.__exit__(None, None, None)


def test_a_repeated_editor_is_not_fought_and_named_as_what_the_rollout_waits_for() -> None:
    world = story()
    try:
        for number in range(6):
            edit(world, 50 + number)
        assert weight(world) == 55
        assert told(world)[-1] == "'kubectl-edit' keeps changing VirtualService web: it is left alone for now"
        assert len(told(world)) == 4
        found = world.get(ROLLOUTS, Key(NAMESPACE, "web"))
        assert found is not None
        assert "a person to promote it" in found["metadata"]["annotations"][WAITING]
        world.pass_time(700)
        assert weight(world) == 20
    finally:
        world.__exit__(None, None, None)


def test_a_new_weight_is_set_over_any_edit() -> None:
    world = story()
    try:
        for number in range(6):
            edit(world, 50 + number)
        world.command(["abort", "web"])
        world.wait("Rollout/web", {"status.phase": "Degraded"})
        assert weight(world) == 0
    finally:
        world.__exit__(None, None, None)
