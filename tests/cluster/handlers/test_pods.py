"""Binding and eviction, and when Events end (spec 13)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.handlers.pods import spent
from argosy.cluster.kind import User
from argosy.cluster.request import ApiRequest, ApiResponse
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from tests.kit.world import EVENTS, World

PODS = Resource("", "v1", "pods", "Pod")


def pod(name: str) -> JsonObject:
    container = {"name": "c", "image": "i"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [container]},
    }


async def post(world: World, subresource: str, body: JsonObject) -> ApiResponse:
    kind = world.cluster.catalog.of(PODS)
    assert kind is not None
    request = ApiRequest(
        verb="create", kind=kind, user=User("w"), namespace="default", name="p", subresource=subresource, body=body
    )
    return await world.cluster.api.handle(request)


def test_a_pod_is_bound_once() -> None:
    async def story(world: World) -> None:
        await world.client.create(PODS, pod("p"))
        answer = await post(world, "binding", {"target": {"kind": "Node", "name": "n1"}})
        assert (answer.code, answer.body["status"]) == (201, "Success")
        bound = await world.client.read(PODS, "p", "default")
        assert bound["spec"]["nodeName"] == "n1"
        assert [item["type"] for item in bound["status"]["conditions"]] == ["PodScheduled"]
        with pytest.raises(StatusError, match='is already assigned to node "n1"') as refused:
            await post(world, "binding", {"target": {"name": "n2"}})
        assert refused.value.code == 409

    with World() as world:
        world.run(story(world))


def test_a_pod_on_a_node_is_deleted_gracefully_and_a_later_delete_can_only_shorten() -> None:
    async def story(world: World) -> None:
        await world.client.create(PODS, pod("p"))
        await post(world, "binding", {"target": {"name": "n1"}})
        for wanted, left in ((20, 20), (40, 20), (5, 5)):
            marked = await world.client.delete(PODS, "p", "default", grace_seconds=wanted)
            assert marked["metadata"]["deletionGracePeriodSeconds"] == left
        await world.client.delete(PODS, "p", "default", grace_seconds=0)
        with pytest.raises(StatusError):
            await world.client.read(PODS, "p", "default")

    with World() as world:
        world.run(story(world))


def budget(**status: Any) -> JsonObject:
    return {"metadata": {"name": "b", "generation": 1}, "spec": {}, "status": {"observedGeneration": 1, **status}}


def test_an_eviction_spends_the_budget() -> None:
    after = spent(budget(disruptionsAllowed=2), "p", "2026-01-01T00:00:00Z")
    assert after["status"]["disruptionsAllowed"] == 1
    assert after["status"]["disruptedPods"] == {"p": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(("status", "wait"), [({"disruptionsAllowed": 0}, 0), ({"observedGeneration": 0}, 10)])
def test_a_budget_without_room_refuses(status: JsonObject, wait: int) -> None:
    with pytest.raises(StatusError) as refused:
        spent(budget(**status), "p", "")
    assert (refused.value.code, refused.value.retry_after) == (429, wait)
    assert refused.value.causes[0].reason == "DisruptionBudget"


def test_an_event_lives_an_hour_after_its_last_change() -> None:
    async def story(world: World) -> None:
        metadata = {"name": "e", "namespace": "default"}
        involved = {"kind": "Pod", "name": "p", "namespace": "default"}
        event = await world.client.create(EVENTS, {"metadata": metadata, "involvedObject": involved, "reason": "R"})
        await world.clock.sleep(3000)
        await world.client.update(EVENTS, {**event, "count": 2})
        await world.clock.sleep(3599)
        assert await world.client.read(EVENTS, "e", "default")
        await world.clock.sleep(2)
        with pytest.raises(StatusError):
            await world.client.read(EVENTS, "e", "default")

    with World() as world:
        world.run(story(world))
