"""ResourceQuotas: what counts, what is refused, in Kubernetes' words."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.cluster.quota_usage import is_about, usage_of
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.quantity import NANO
from argosy.machinery.status import StatusError
from tests.kit.world import World

QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")
SECRETS = Resource("", "v1", "secrets", "Secret")
PODS = Resource("", "v1", "pods", "Pod")
CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")


def quota(**hard: str) -> JsonObject:
    return {"metadata": {"name": "q", "namespace": "default"}, "spec": {"hard": hard}}


def pod(name: str, requests: JsonObject | None = None) -> JsonObject:
    container: JsonObject = {"name": "c", "image": "a:1"}
    if requests is not None:
        container["resources"] = {"requests": requests}
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"containers": [container]}}


async def used(world: World) -> dict[str, Any]:
    await world.clock.sleep(1)
    return dict((await world.client.read(QUOTAS, "q", "default"))["status"]["used"])


def test_a_quota_refuses_one_too_many_and_counts_in_its_status() -> None:
    async def story(world: World) -> None:
        await world.client.create(QUOTAS, quota(**{"count/secrets": "1", "configmaps": "10"}))
        await world.client.create(SECRETS, {"metadata": {"name": "a", "namespace": "default"}})
        with pytest.raises(StatusError, match="exceeded quota: q, requested: count/secrets=1, used: count/secrets=1"):
            await world.client.create(SECRETS, {"metadata": {"name": "b", "namespace": "default"}})
        assert await used(world) == {"count/secrets": "1", "configmaps": "1"}

    with World() as world:
        world.run(story(world))


def test_what_pods_request_is_summed_and_limited_and_must_be_said() -> None:
    async def story(world: World) -> None:
        await world.client.create(QUOTAS, quota(**{"requests.cpu": "2", "memory": "1Gi", "pods": "9"}))
        for name in ("a", "b"):
            await world.client.create(PODS, pod(name, {"cpu": "750m", "memory": "256Mi"}))
        assert await used(world) == {"requests.cpu": "1500m", "memory": "512Mi", "pods": "2"}
        with pytest.raises(StatusError) as refused:
            await world.client.create(PODS, pod("c", {"cpu": "600m", "memory": "1Mi"}))
        text = "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=1500m, limited: requests.cpu=2"
        assert refused.value.message == f'pods "c" is forbidden: {text}'
        with pytest.raises(StatusError, match=r"failed quota: q: must specify memory for: c; requests.cpu for: c"):
            await world.client.create(PODS, pod("silent"))
        await world.client.delete(PODS, "a", "default")
        await world.client.create(PODS, pod("c", {"cpu": "600m", "memory": "1Mi"}))
        assert (await used(world))["requests.cpu"] == "1350m"

    with World() as world:
        world.run(story(world))


def test_a_claim_may_not_grow_beyond_the_quota() -> None:
    async def story(world: World) -> None:
        await world.client.create(QUOTAS, quota(**{"requests.storage": "3Gi"}))
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
        made = await world.client.create(CLAIMS, {"metadata": {"name": "a", "namespace": "default"}, "spec": spec})
        assert await used(world) == {"requests.storage": "2Gi"}
        grown = {**made["spec"], "resources": {"requests": {"storage": "4Gi"}}}
        with pytest.raises(StatusError, match=r"exceeded quota: q, requested: requests.storage=2Gi, used: requests.st"):
            await world.client.update(CLAIMS, {**made, "metadata": dict(made["metadata"]), "spec": grown})

    with World() as world:
        world.run(story(world))


def by_priority(operator: str, *values: str) -> JsonObject:
    expression = {"scopeName": "PriorityClass", "operator": operator, "values": list(values)}
    return {"scopeSelector": {"matchExpressions": [expression]}}


@pytest.mark.parametrize(
    ("scope", "burstable", "best_effort"),
    [
        ({"scopes": ["BestEffort"]}, False, True),
        ({"scopes": ["NotBestEffort"]}, True, False),
        ({"scopes": ["Terminating"]}, False, False),
        ({"scopes": ["NotTerminating", "BestEffort"]}, False, True),
        (by_priority("DoesNotExist"), True, True),
        (by_priority("In", "high"), False, False),
        ({}, True, True),
    ],
)
def test_a_quota_with_scopes_is_about_the_pods_that_they_mean(
    scope: JsonObject, burstable: bool, best_effort: bool
) -> None:
    assert is_about(scope, ("", "pods"), {**pod("a", {"cpu": "1"}), "status": {"qosClass": "Burstable"}}) is burstable
    assert is_about(scope, ("", "pods"), {**pod("b"), "status": {"qosClass": "BestEffort"}}) is best_effort
    assert is_about(scope, ("", "secrets"), {"metadata": {}}) is not bool(scope)


def test_a_service_takes_a_port_of_every_node_for_each_of_its_own() -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 1}, {"port": 2}]}
    taken = {"services": NANO, "services.loadbalancers": NANO, "services.nodeports": 2 * NANO}
    assert usage_of(("", "services"), {"spec": spec}) == taken


def test_a_pod_that_has_ended_takes_nothing() -> None:
    assert usage_of(("", "pods"), {**pod("a", {"cpu": "1"}), "status": {"phase": "Succeeded"}}) == {}
