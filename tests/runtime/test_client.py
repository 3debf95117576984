"""The contract of every client adapter: in process, and over HTTPS to the real front."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from argosy.machinery import requests
from argosy.machinery.api import PatchType, WatchEvent
from argosy.machinery.objects import Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SeededRng
from argosy.runtime.client import Client
from argosy.runtime.clients.faults import FaultPlan, FaultyClient
from argosy.runtime.clients.fencing import FencedClient
from argosy.runtime.clock import RealClock
from argosy.runtime.http import HttpClient, load_kubeconfig
from tests.kit.served import served
from tests.kit.verbs import verbs
from tests.kit.world import CONFIG_MAPS, NAMESPACES, config_map, ours

ADAPTERS = ("direct", "certificate", "token", "fenced", "faultless")


@asynccontextmanager
async def opened(adapter: str, directory: Path) -> AsyncIterator[Client]:
    async with served() as server:
        if adapter in ("certificate", "token"):
            path = directory / "kubeconfig"
            path.write_text(json.dumps(server.by_certificate if adapter == "certificate" else server.by_token))
            async with HttpClient(load_kubeconfig(path, RealClock()), RealClock(), SeededRng(2)) as client:
                yield client
            return
        direct: Client = server.cluster.client("admin", ("system:masters",))
        if adapter == "fenced":
            direct = FencedClient(direct, lambda: True)
        if adapter == "faultless":
            direct = FaultyClient(direct, RealClock(), SeededRng(2), FaultPlan())
        yield direct


Run = Callable[[Callable[[Client], Awaitable[None]]], None]


@pytest.fixture(params=ADAPTERS)
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    def go(check: Callable[[Client], Awaitable[None]]) -> None:
        async def main() -> None:
            async with opened(request.param, tmp_path) as client, asyncio.timeout(30):
                await check(client)

        asyncio.run(main())

    return go


def test_what_is_created_can_be_read_replaced_and_deleted(run: Run) -> None:
    async def check(client: Client) -> None:
        made = await client.write(requests.create(CONFIG_MAPS, config_map("a", v="1"), manager="test"))
        assert made["metadata"]["uid"]
        assert made["metadata"]["managedFields"][0]["manager"] == "test"
        read = await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
        assert (read["apiVersion"], read["kind"], read["data"]) == ("v1", "ConfigMap", {"v": "1"})
        changed = await client.write(requests.update(CONFIG_MAPS, {**read, "data": {"v": "2"}}))
        assert changed["data"] == {"v": "2"}
        with pytest.raises(StatusError) as stale:
            await client.write(requests.update(CONFIG_MAPS, {**read, "data": {"v": "3"}}))
        assert stale.value.is_conflict
        await client.write(requests.remove(CONFIG_MAPS, Key("default", "a"), uid=read["metadata"]["uid"]))
        with pytest.raises(StatusError) as gone:
            await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))
        assert gone.value.is_not_found
        assert gone.value.details["name"] == "a"

    run(check)


def test_a_second_creation_is_refused_and_a_dry_run_changes_nothing(run: Run) -> None:
    async def check(client: Client) -> None:
        await client.write(requests.create(CONFIG_MAPS, config_map("dry"), dry_run=True))
        await client.write(requests.create(CONFIG_MAPS, config_map("dry")))
        with pytest.raises(StatusError) as refusal:
            await client.write(requests.create(CONFIG_MAPS, config_map("dry")))
        assert refusal.value.is_already_exists

    run(check)


def test_a_wrong_precondition_protects_from_deletion(run: Run) -> None:
    async def check(client: Client) -> None:
        await client.write(requests.create(CONFIG_MAPS, config_map("a")))
        with pytest.raises(StatusError) as refusal:
            await client.write(
                requests.remove(CONFIG_MAPS, Key("default", "a"), uid="00000000-0000-4000-8000-000000000000")
            )
        assert refusal.value.is_conflict
        assert await client.get(requests.Get(CONFIG_MAPS, Key("default", "a")))

    run(check)


def test_patches_and_applies_change_what_they_name(run: Run) -> None:
    async def check(client: Client) -> None:
        applied = await client.write(
            requests.apply(CONFIG_MAPS, config_map("a", v="1", w="1"), manager="gitops", force=False)
        )
        assert applied["data"] == {"v": "1", "w": "1"}
        patched = await client.write(
            requests.patch(CONFIG_MAPS, Key("default", "a"), {"data": {"v": "2"}}, PatchType.MERGE)
        )
        assert patched["data"] == {"v": "2", "w": "1"}
        operation = [{"op": "remove", "path": "/data/w"}]
        patched = await client.write(requests.patch(CONFIG_MAPS, Key("default", "a"), operation, PatchType.JSON))
        assert patched["data"] == {"v": "2"}
        with pytest.raises(StatusError) as conflict:
            await client.write(requests.apply(CONFIG_MAPS, config_map("a", v="3"), manager="other", force=False))
        assert conflict.value.is_conflict
        forced = await client.write(requests.apply(CONFIG_MAPS, config_map("a", v="3"), manager="other", force=True))
        assert forced["data"] == {"v": "3"}

    run(check)


def test_lists_are_complete_select_and_page(run: Run) -> None:
    async def check(client: Client) -> None:
        for number in range(12):
            obj = config_map(f"m{number:02}")
            obj["metadata"]["labels"] = {"half": "low" if number < 6 else "high"}
            await client.write(requests.create(CONFIG_MAPS, obj))
        page = await client.page(
            requests.List(resource=CONFIG_MAPS, namespace="default", label_selector="half=low", limit=4)
        )
        assert [item["metadata"]["name"] for item in page.items] == ["m00", "m01", "m02", "m03"]
        assert {(item["apiVersion"], item["kind"]) for item in page.items} == {("v1", "ConfigMap")}
        rest = await client.page(
            requests.List(
                resource=CONFIG_MAPS,
                namespace="default",
                label_selector="half=low",
                limit=4,
                continue_token=page.continue_token,
            )
        )
        assert [item["metadata"]["name"] for item in rest.items] == ["m04", "m05"]
        assert (rest.continue_token, rest.resource_version) == ("", page.resource_version)
        everywhere = await client.page(requests.List(resource=CONFIG_MAPS, metadata_only=True))
        assert len(ours(everywhere.items)) == 12
        assert {item["kind"] for item in everywhere.items} == {"ConfigMap"}
        one = await client.page(
            requests.List(resource=CONFIG_MAPS, namespace="default", field_selector="metadata.name=m03")
        )
        assert len(one.items) == 1

    run(check)


def test_a_watch_sends_every_change_after_its_revision_in_order(run: Run) -> None:
    async def check(client: Client) -> None:
        await client.write(requests.create(CONFIG_MAPS, config_map("early")))
        start = (await client.page(requests.List(resource=CONFIG_MAPS, namespace="default"))).resource_version
        made = await client.write(requests.create(CONFIG_MAPS, config_map("a", v="1")))
        await client.write(requests.update(CONFIG_MAPS, {**made, "data": {"v": "2"}}))
        await client.write(requests.remove(CONFIG_MAPS, Key("default", "a")))
        seen: list[WatchEvent] = []
        async with aclosing(
            client.follow(requests.Watch(resource=CONFIG_MAPS, namespace="default", resource_version=start))
        ) as events:  # type: ignore[type-var]
            async for event in events:
                if event.object["metadata"].get("name") == "a":
                    seen.append(event)
                if len(seen) == 3:
                    break
        assert [event.type for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
        assert [event.object["data"]["v"] for event in seen] == ["1", "2", "2"]
        versions = [int(event.object["metadata"]["resourceVersion"]) for event in seen]
        assert versions == sorted(versions)

    run(check)


def test_a_watch_in_process_does_not_repeat_what_the_list_before_it_showed(tmp_path: Path) -> None:
    async def main() -> str:
        async with opened("direct", tmp_path) as direct, asyncio.timeout(30):
            client = verbs(direct)
            await client.create(CONFIG_MAPS, config_map("listed"))
            start = (await client.list(CONFIG_MAPS, "default")).resource_version
            await client.create(CONFIG_MAPS, config_map("new"))
            async with aclosing(client.watch(CONFIG_MAPS, "default", resource_version=start)) as events:  # type: ignore[type-var]
                async for event in events:
                    return str(event.object["metadata"]["name"])
        return ""

    assert asyncio.run(main()) == "new"


def test_what_is_served_names_each_resource_once_without_subresources(run: Run) -> None:
    async def check(client: Client) -> None:
        resources = (await client.served()).resources
        assert Resource("", "v1", "configmaps", "ConfigMap") in resources
        assert Resource("apps", "v1", "deployments", "Deployment") in resources
        assert NAMESPACES in resources
        assert len(set(resources)) == len(resources)
        assert not [resource for resource in resources if "/" in resource.plural]
        assert (dict((await client.served(fresh=True)).version))["gitVersion"].startswith("v1.")

    run(check)


def test_a_kind_that_is_not_served_is_a_404(run: Run) -> None:
    async def check(client: Client) -> None:
        with pytest.raises(StatusError) as refusal:
            await client.page(requests.List(resource=Resource("nowhere.example", "v1", "ghosts", "Ghost")))
        assert refusal.value.code == 404

    run(check)
