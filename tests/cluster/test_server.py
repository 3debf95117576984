"""The complete cluster: what it has from its first moment, restarts, forks, webhooks, definitions."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from argosy.cluster.ports import ProxyRequest, ProxyResponse
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.store import Change, Store
from argosy.cluster.store.sqlite import SqliteJournal
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import RealClock
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import verbs
from tests.kit.world import CONFIG_MAPS, NAMESPACES, SECRETS, World, config_map

MUTATING = Resource(
    "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False
)
VALIDATING = Resource(
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
)


def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    async def first(clock: VirtualClock, rng: SeededRng) -> JsonObject:
        async with EmbeddedCluster(clock=clock, rng=rng, data_dir=tmp_path) as cluster:
            return await verbs(cluster.client("me")).create(CONFIG_MAPS, config_map("a", k="v"))

    async def second(clock: VirtualClock, rng: SeededRng) -> JsonObject:
        async with EmbeddedCluster(clock=clock, rng=rng, data_dir=tmp_path) as cluster:
            return await verbs(cluster.client("me")).read(CONFIG_MAPS, "a", "default")

    stored = run_virtual(first)
    assert run_virtual(second) == stored


class HeldJournal(SqliteJournal):
    """Its worker thread waits in the middle of a commit until `gate` is opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, full=True)
        self.gate, self.inside, self.closed_under_a_commit = threading.Event(), threading.Event(), False
        self.gate.set()

    def commit(self, changes: Sequence[Change]) -> None:
        self.inside.set()
        self.gate.wait(10)
        super().commit(changes)
        self.inside.clear()

    def close(self) -> None:
        self.closed_under_a_commit = self.inside.is_set()
        if not self.closed_under_a_commit:
            super().close()


def test_the_store_is_not_closed_while_a_batch_is_with_the_worker_thread(tmp_path: Path) -> None:
    async def story() -> bool:
        clock = RealClock()
        journal = HeldJournal(tmp_path / "cluster.db")
        store = Store(clock.now, journal)
        cluster = EmbeddedCluster(clock=clock, rng=SeededRng(1), store=store)
        await cluster.start()
        await store.durable()
        journal.gate.clear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(verbs(cluster.client("me")).create(CONFIG_MAPS, config_map("a")))
            await asyncio.to_thread(journal.inside.wait, 10)
            stopping = tasks.create_task(cluster.stop())
            for _ in range(100):
                await clock.sleep(0)  # turns of the loop: whatever stops without waiting has stopped by now
            journal.gate.set()
            await stopping
        return journal.closed_under_a_commit

    assert not asyncio.run(story())


def test_a_fork_and_its_origin_do_not_see_each_other() -> None:
    async def story(clock: VirtualClock, rng: SeededRng) -> None:
        async with EmbeddedCluster(clock=clock, rng=rng) as origin:
            await verbs(origin.client("me")).create(CONFIG_MAPS, config_map("a"))
            async with origin.fork(clock=clock, rng=rng.fork("copy")) as copy:
                assert copy.store.revision == origin.store.revision
                await verbs(copy.client("me")).delete(CONFIG_MAPS, "a", "default")
                await verbs(origin.client("me")).create(CONFIG_MAPS, config_map("b"))
                assert await verbs(origin.client("me")).read(CONFIG_MAPS, "a", "default")
                with pytest.raises(StatusError):
                    await verbs(copy.client("me")).read(CONFIG_MAPS, "b", "default")

    run_virtual(story)


def test_two_runs_of_one_seed_store_the_same_bytes() -> None:
    async def story(clock: VirtualClock, rng: SeededRng) -> list[bytes]:
        async with EmbeddedCluster(clock=clock, rng=rng) as cluster:
            client = verbs(cluster.client("me"))
            await client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})
            for _ in range(5):
                await client.create(CONFIG_MAPS, {"metadata": {"generateName": "g-", "namespace": "x"}})
            await client.delete(NAMESPACES, "x")
            await clock.sleep(60)
            return [entry.encoded for table in cluster.store.tables() for entry in table.scan()]

    assert run_virtual(story, seed=3) == run_virtual(story, seed=3)
    assert run_virtual(story, seed=3) != run_virtual(story, seed=4)


class Hook:
    """A webhook in this process: allows, changes what a test wants, or denies."""

    def __init__(self, *, patch: list[Any] | None = None, denial: str = "", broken: bool = False) -> None:
        self.patch, self.denial, self.broken = patch, denial, broken
        self.asked: list[JsonObject] = []

    async def __call__(self, request: ProxyRequest) -> ProxyResponse:
        review = orjson.loads(request.body)["request"]
        self.asked.append(review)
        if self.broken:
            return ProxyResponse(status=500)
        response: JsonObject = {"uid": review["uid"], "allowed": not self.denial}
        if self.denial:
            response["status"] = {"message": self.denial, "code": 418}
        if self.patch:
            response |= {"patchType": "JSONPatch", "patch": base64.b64encode(orjson.dumps(self.patch)).decode()}
        return ProxyResponse(status=200, body=orjson.dumps({"response": response}))


def configuration(**more: Any) -> JsonObject:
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"]}
    webhook = {
        "name": "hook.example.com",
        "rules": [rule],
        "clientConfig": {"service": {"namespace": "default", "name": "hook", "path": "/hook"}},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        **more,
    }
    return {"metadata": {"name": "hook"}, "webhooks": [webhook]}


def test_a_mutating_webhook_changes_what_is_stored_and_only_what_matches_is_sent() -> None:
    async def story(world: World) -> JsonObject:
        hook = Hook(patch=[{"op": "add", "path": "/data/added", "value": "yes"}])
        world.cluster.service_handlers.add_service("default", "hook", "443", hook)
        await world.client.create(MUTATING, configuration())
        await world.client.create(SECRETS, {"metadata": {"name": "s", "namespace": "default"}})
        stored = await world.client.create(CONFIG_MAPS, config_map("a", k="v"))
        assert [review["operation"] for review in hook.asked] == ["CREATE"]
        assert hook.asked[0]["userInfo"]["username"] == "system:world"
        return stored

    with World() as world:
        assert world.run(story(world))["data"] == {"k": "v", "added": "yes"}


def test_a_validating_webhook_denies_with_its_own_code_and_text() -> None:
    async def story(world: World) -> None:
        world.cluster.service_handlers.add_service("default", "hook", "443", Hook(denial="not today"))
        await world.client.create(VALIDATING, configuration())
        await world.client.create(CONFIG_MAPS, config_map("a"))

    with World() as world, pytest.raises(StatusError) as refused:
        world.run(story(world))
    assert refused.value.code == 418
    assert refused.value.message == 'admission webhook "hook.example.com" denied the request: not today'


@pytest.mark.parametrize(("policy", "stored"), [("Fail", False), ("Ignore", True)])
def test_a_webhook_that_fails_is_fatal_or_ignored_by_its_policy(policy: str, stored: bool) -> None:
    async def story(world: World) -> None:
        world.cluster.service_handlers.add_service("default", "hook", "443", Hook(broken=True))
        await world.client.create(VALIDATING, configuration(failurePolicy=policy))
        if stored:
            await world.client.create(CONFIG_MAPS, config_map("a"))
            return
        with pytest.raises(StatusError, match="failed calling webhook") as refused:
            await world.client.create(CONFIG_MAPS, config_map("a"))
        assert refused.value.code == 500

    with World() as world:
        world.run(story(world))


def test_a_dry_run_is_not_sent_to_a_webhook_with_side_effects() -> None:
    async def story(world: World) -> None:
        hook = Hook()
        world.cluster.service_handlers.add_service("default", "hook", "443", hook)
        world.cluster.store.flush()
        await world.client.create(VALIDATING, configuration(sideEffects="NoneOnDryRun"))
        await world.client.create(CONFIG_MAPS, config_map("a"), dry_run=True)
        assert hook.asked[0]["dryRun"] is True
        with pytest.raises(StatusError):
            await world.client.read(CONFIG_MAPS, "a", "default")

    with World() as world:
        world.run(story(world))


DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", False)
BOATS_BETA = Resource("sea.example", "v1beta1", "boats", "Boat")
ADMISSION = "admissionregistration.k8s.io"
POLICIES = Resource(ADMISSION, "v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", False)
BINDINGS = Resource(ADMISSION, "v1", "validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", False)


async def define_boats(world: World) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": name, "served": True, "storage": name == "v1", "schema": schema} for name in ("v1", "v1beta1")]
    names = {"plural": "boats", "kind": "Boat"}
    spec = {"group": "sea.example", "names": names, "scope": "Namespaced", "versions": versions}
    await world.client.create(DEFINITIONS, {"metadata": {"name": "boats.sea.example"}, "spec": spec})


def boat(name: str) -> JsonObject:
    return {"apiVersion": "sea.example/v1beta1", "kind": "Boat", "metadata": {"name": name, "namespace": "default"}}


@pytest.mark.parametrize(("policy", "asked"), [("Equivalent", True), ("Exact", False)])
def test_a_webhook_for_one_version_is_asked_about_writes_through_another(policy: str, asked: bool) -> None:
    async def story(world: World) -> None:
        hook = Hook(patch=[{"op": "add", "path": "/spec", "value": {"oars": 4}}])
        world.cluster.service_handlers.add_service("default", "hook", "443", hook)
        rule = {"operations": ["CREATE"], "apiGroups": ["sea.example"], "apiVersions": ["v1"], "resources": ["boats"]}
        await define_boats(world)
        await world.client.create(MUTATING, configuration(rules=[rule], matchPolicy=policy))
        made = await world.client.create(BOATS_BETA, boat("a"))
        assert made["apiVersion"] == "sea.example/v1beta1"
        assert made.get("spec") == ({"oars": 4} if asked else None)
        assert len(hook.asked) == asked
        for review in hook.asked:
            assert (review["kind"]["version"], review["requestKind"]["version"]) == ("v1", "v1beta1")
            assert review["object"]["apiVersion"] == "sea.example/v1"

    with World() as world:
        world.run(story(world))


@pytest.mark.parametrize(("policy", "refused"), [("Equivalent", True), ("Exact", False)])
def test_a_policy_for_one_version_judges_writes_through_another(policy: str, refused: bool) -> None:
    async def story(world: World) -> None:
        rule = {"operations": ["CREATE"], "apiGroups": ["sea.example"], "apiVersions": ["v1"], "resources": ["boats"]}
        await define_boats(world)
        constraints = {"resourceRules": [rule], "matchPolicy": policy}
        validation = {"expression": "object.apiVersion != 'sea.example/v1'", "message": "no boats"}
        spec: JsonObject = {"matchConstraints": constraints, "validations": [validation]}
        await world.client.create(POLICIES, {"metadata": {"name": "p"}, "spec": spec})
        spec = {"policyName": "p", "validationActions": ["Deny"]}
        await world.client.create(BINDINGS, {"metadata": {"name": "b"}, "spec": spec})
        if refused:
            with pytest.raises(StatusError, match="no boats"):
                await world.client.create(BOATS_BETA, boat("a"))
        else:
            await world.client.create(BOATS_BETA, boat("a"))

    with World() as world:
        world.run(story(world))
