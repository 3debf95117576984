"""What simulated programs do to the API: as rules say, and with the rights of their Pod alone."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from argosy.cluster.auth.bootstrap import bootstrap_objects
from argosy.cluster.http.assembly import ClusterFront, Keys
from argosy.cluster.server import EmbeddedCluster
from argosy.cluster.workloads.rules.rule_reading import RuleError, parse_rules
from argosy.cluster.workloads.server import PipelineServer
from argosy.cluster.workloads.simulation import Workloads
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SeededRng
from argosy.runtime.virtual import VirtualClock, run_virtual
from tests.kit.verbs import Verbs, verbs

SECRETS = Resource("", "v1", "secrets", "Secret")
EVENTS = Resource("", "v1", "events", "Event")
JOBS = Resource("batch", "v1", "jobs", "Job")
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "roles", "Role")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount")
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "made"}, "data": {"auth": "eA=="}}
KEYS: list[Keys] = []


def with_workloads(story: Callable[[Verbs, VirtualClock], Awaitable[None]]) -> None:
    async def main(clock: VirtualClock, rng: SeededRng) -> None:
        if not KEYS:
            KEYS.append(Keys.make(clock.now()))
        async with EmbeddedCluster(clock=clock, rng=rng, bootstrap=bootstrap_objects()) as cluster:
            workloads = Workloads(PipelineServer(cluster.core, cluster.on_commit, cluster.spawn), clock)
            workloads.start()
            workloads.let_programs_write(ClusterFront(cluster, KEYS[0]).acting_as, cluster.on_commit, cluster.spawn)
            await story(verbs(cluster.client("system:test", ("system:masters",))), clock)
            workloads.stop()

    run_virtual(main)


async def rules(client: Verbs, *manifests: JsonObject) -> None:
    listed = [{"match": {"owner": {"kind": "Job", "name": "init"}}, "effect": {"apply": list(manifests)}}]
    labels = {"argosy.dev/simulation-rules": "true"}
    metadata = {"name": "rules", "namespace": "default", "labels": labels}
    config = {"metadata": metadata, "data": {"rules.yaml": json.dumps({"rules": listed})}}
    await client.create(CONFIG_MAPS, config)


async def job(client: Verbs) -> None:
    spec = {"serviceAccountName": "init", "restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
    await client.create(ACCOUNTS, {"metadata": {"name": "init", "namespace": "default"}})
    await client.create(
        JOBS, {"metadata": {"name": "init", "namespace": "default"}, "spec": {"template": {"spec": spec}}}
    )


async def allow(client: Verbs, *granted: str) -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": list(granted)}
    metadata = {"name": "init", "namespace": "default"}
    await client.create(ROLES, {"metadata": metadata, "rules": [rule]})
    subjects = [{"kind": "ServiceAccount", "name": "init", "namespace": "default"}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "init"}
    await client.create(BINDINGS, {"metadata": metadata, "roleRef": reference, "subjects": subjects})


async def found(client: Verbs, namespace: str = "default") -> Any:
    try:
        return await client.read(SECRETS, "made", namespace)
    except StatusError as error:
        return error.code


async def said(client: Verbs) -> list[str]:
    return [one["message"] for one in (await client.list(EVENTS, "default")).items if one["reason"] == "ProgramRefused"]


def test_a_job_makes_what_its_rule_says_before_it_ends() -> None:
    async def story(client: Verbs, clock: VirtualClock) -> None:
        await allow(client, "get", "create")
        await rules(client, SECRET)
        await job(client)
        await clock.sleep(5)
        assert (await found(client))["data"] == SECRET["data"]
        assert (await client.read(JOBS, "init", "default"))["status"]["succeeded"] == 1
        assert await said(client) == []

    with_workloads(story)


def test_an_object_that_says_the_same_is_left_alone() -> None:
    async def story(client: Verbs, clock: VirtualClock) -> None:
        await allow(client, "get", "create")
        metadata = {"name": "made", "namespace": "default", "labels": {"own": "yes"}}
        before = await client.create(SECRETS, {**SECRET, "metadata": metadata})
        await rules(client, SECRET)
        await job(client)
        await clock.sleep(5)
        assert await found(client) == before

    with_workloads(story)


def test_what_the_service_account_may_not_do_is_refused_reported_and_done_once_it_may() -> None:
    async def story(client: Verbs, clock: VirtualClock) -> None:
        await rules(client, SECRET)
        await job(client)
        await clock.sleep(1)
        assert await found(client) == 404
        (message,) = await said(client)
        assert 'User "system:serviceaccount:default:init" cannot create resource "secrets"' in message
        await allow(client, "get", "create")
        await clock.sleep(2)
        assert (await found(client))["data"] == SECRET["data"]

    with_workloads(story)


def test_another_namespace_needs_rights_there() -> None:
    async def story(client: Verbs, clock: VirtualClock) -> None:
        await allow(client, "get", "create")
        await rules(client, {**SECRET, "metadata": {"name": "made", "namespace": "kube-system"}})
        await job(client)
        await clock.sleep(5)
        assert await found(client, "kube-system") == 404
        assert len(await said(client)) == 1

    with_workloads(story)


@pytest.mark.parametrize(
    "manifest", ["text", {"kind": "Secret", "metadata": {"name": "a"}}, {**SECRET, "metadata": {}}]
)
def test_what_is_no_object_is_refused_by_its_place(manifest: object) -> None:
    with pytest.raises(
        RuleError, match=r"rules\[0\].effect.apply\[0\]: .* is not an object; write apiVersion, kind and"
    ):
        parse_rules(json.dumps({"rules": [{"effect": {"apply": [manifest]}}]}))
