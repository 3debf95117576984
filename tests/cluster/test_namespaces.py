"""A namespace is born furnished and goes empty (spec 11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.cluster.namespaces import GRACE_SECONDS, Remains, conditions_of
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from tests.kit.world import CONFIG_MAPS, NAMESPACES, World, config_map

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")


def namespace(name: str) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def test_account_and_ca_are_there_at_once_and_come_back_when_deleted() -> None:
    async def story(world: World) -> None:
        await world.client.create(NAMESPACES, namespace("x"))
        for resource, name in ((ACCOUNTS, "default"), (CONFIG_MAPS, "kube-root-ca.crt")):
            first = await world.client.read(resource, name, "x")
            await world.client.delete(resource, name, "x")
            again = await world.client.read(resource, name, "x")
            assert again["metadata"]["uid"] != first["metadata"]["uid"]

    with World() as world:
        world.run(story(world))


def test_content_is_deleted_after_the_grace_period_then_the_namespace() -> None:
    async def story(world: World) -> None:
        await world.client.create(NAMESPACES, namespace("x"))
        await world.client.create(CONFIG_MAPS, config_map("a", "x"))
        gone = await world.client.delete(NAMESPACES, "x")
        assert gone["status"]["phase"] == "Terminating"
        with pytest.raises(StatusError, match="because it is being terminated") as refused:
            await world.client.create(CONFIG_MAPS, config_map("b", "x"))
        assert refused.value.causes[0].reason == "NamespaceTerminating"
        await world.clock.sleep(GRACE_SECONDS - 1)
        assert await world.client.read(CONFIG_MAPS, "a", "x")
        await world.clock.sleep(2)
        with pytest.raises(StatusError):
            await world.client.read(NAMESPACES, "x")
        assert world.cluster.store.table("", "configmaps").range("x")[0:2] == (4, 4)

    with World() as world:
        world.run(story(world))


def test_what_holds_a_namespace_is_said_in_its_conditions() -> None:
    async def story(world: World) -> None:
        await world.client.create(NAMESPACES, namespace("x"))
        held = config_map("held", "x")
        held["metadata"]["finalizers"] = ["example.com/hold"]
        await world.client.create(CONFIG_MAPS, held)
        await world.client.delete(NAMESPACES, "x")
        await world.clock.sleep(60)
        found = await world.client.read(NAMESPACES, "x")
        conditions = {item["type"]: item for item in found["status"]["conditions"]}
        remaining = conditions["NamespaceFinalizersRemaining"]
        assert (remaining["status"], remaining["reason"]) == ("True", "SomeFinalizersRemain")
        assert remaining["message"].endswith("example.com/hold in 1 resource instances")
        present = await world.client.read(CONFIG_MAPS, "held", "x")
        await world.client.update(CONFIG_MAPS, {**present, "metadata": {**present["metadata"], "finalizers": []}})
        await world.clock.sleep(1)
        with pytest.raises(StatusError):
            await world.client.read(NAMESPACES, "x")

    with World() as world:
        world.run(story(world))


def test_what_may_not_be_deleted_holds_up_nothing_else_and_is_said() -> None:
    def refuse(attributes: Any) -> None:
        if attributes.ctx.operation == "DELETE" and (attributes.old or {}).get("metadata", {}).get("name") == "kept":
            raise StatusError(403, "Forbidden", 'admission webhook "no" denied the request: not this one')

    async def story(world: World) -> None:
        await world.client.create(NAMESPACES, namespace("x"))
        for name in ("a", "kept", "z"):
            await world.client.create(CONFIG_MAPS, config_map(name, "x"))
        world.cluster.admission.checks.append(refuse)
        await world.client.delete(NAMESPACES, "x")
        await world.clock.sleep(30)
        found = await world.client.read(NAMESPACES, "x")
        failure = next(
            item for item in found["status"]["conditions"] if item["type"] == "NamespaceDeletionContentFailure"
        )
        assert (failure["status"], failure["reason"]) == ("True", "ContentDeletionFailed")
        assert failure["message"].endswith('1 remaining: admission webhook "no" denied the request: not this one')
        names = [entry.key.name for entry in world.cluster.store.table("", "configmaps").scan("x")]
        assert names == ["kept"]
        world.cluster.admission.checks.remove(refuse)
        await world.clock.sleep(60)
        with pytest.raises(StatusError):
            await world.client.read(NAMESPACES, "x")

    with World() as world:
        world.run(story(world))


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    remains = [Remains("configmaps.", 1, ("a/b", "a/b"))]
    first = conditions_of(remains, (), NOON)
    later = conditions_of(remains, first, NOON + timedelta(minutes=1))
    assert later == first
    emptied = conditions_of([], first, NOON + timedelta(minutes=2))
    moved = [
        item["type"]
        for item, old in zip(emptied, first, strict=True)
        if item["lastTransitionTime"] != old["lastTransitionTime"]
    ]
    assert moved == ["NamespaceContentRemaining", "NamespaceFinalizersRemaining"]


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_some_namespaces_never_go(name: str) -> None:
    with World() as world, pytest.raises(StatusError, match="this namespace may not be deleted") as refused:
        world.run(world.client.delete(NAMESPACES, name))
    assert refused.value.code == 403
