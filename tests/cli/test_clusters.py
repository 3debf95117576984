"""Clusters that Secrets describe, over real HTTPS: bearer token, client certificate, and as a ServiceAccount."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from argosy.cli.assembly.installing import control_plane_objects, install
from argosy.cli.outside import Outside
from argosy.cli.process import ControlPlane
from argosy.gitops.keys import APPLICATIONS, PROJECTS
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.kubeconfig import load_kubeconfig
from argosy.runtime.supervisor import Supervisor
from tests.kit.clusters import cluster_secret
from tests.kit.served import TOKEN, Served, served
from tests.kit.verbs import verbs
from tests.kit.world import CONFIG_MAPS, NAMESPACES, SECRETS

from .test_controller import repository


def by_token(server: Served) -> JsonObject:
    authority = server.by_token["clusters"][0]["cluster"]["certificate-authority-data"]
    return {"bearerToken": TOKEN, "tlsClientConfig": {"caData": authority}}


def by_certificate(server: Served) -> JsonObject:
    cluster, user = server.by_certificate["clusters"][0]["cluster"], server.by_certificate["users"][0]["user"]
    return {
        "tlsClientConfig": {
            "caData": cluster["certificate-authority-data"],
            "certData": user["client-certificate-data"],
            "keyData": user["client-key-data"],
        }
    }


def wrong_token(server: Served) -> JsonObject:
    return {**by_token(server), "bearerToken": "not-the-token-canary"}


def application(url: str, server: str) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "namespace": "argocd"},
        "spec": {
            "project": "team",
            "source": {"repoURL": url, "path": ".", "targetRevision": "HEAD"},
            "destination": {"server": server, "namespace": "default"},
            "syncPolicy": {"automated": {}, "retry": {"limit": 0}},
        },
    }


def project(accounts: list[JsonObject]) -> JsonObject:
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "destinationServiceAccounts": accounts,
    }
    metadata = {"name": "team", "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


@asynccontextmanager
async def controlled(directory: Path, server: Served) -> AsyncIterator[HttpClient]:
    """The control plane over HTTP; a client of its cluster."""
    clock, rng = RealClock(), SystemRng()
    file = directory / "kubeconfig"
    file.write_text(json.dumps(server.by_certificate))
    async with HttpClient(load_kubeconfig(file, clock), clock, rng) as client:
        await install(client, control_plane_objects("argocd"), "test", clock, rng)
        plane = ControlPlane(client, clock, rng, Outside(cache_directory=directory / "cache", own_machine=True))
        try:
            async with Supervisor(clock, rng) as parts, asyncio.timeout(90):
                plane.run_in(parts)
                yield client
        finally:
            await plane.close()


async def ended(client: HttpClient) -> JsonObject:
    """The Application once it is synced, or once it says why not."""
    while True:
        status: JsonObject = (await client.get(requests.Get(APPLICATIONS, Key("argocd", "web")))).get("status") or {}
        if status.get("conditions") or (status.get("operationState") or {}).get("phase") in ("Succeeded", "Failed"):
            return status
        await RealClock().sleep(0.05)


def run(tmp_path: Path, config: Callable[[Served], JsonObject], accounts: list[JsonObject]) -> tuple[JsonObject, bool]:
    source = repository(tmp_path / "repository")

    async def scenario() -> tuple[JsonObject, bool]:
        async with served() as home, served() as other, controlled(tmp_path, home) as client:
            if accounts:
                settings = {"application.sync.impersonation.enabled": "true"}
                metadata = {"name": "argocd-cm", "namespace": "argocd"}
                cm = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings}
                await client.write(requests.apply(CONFIG_MAPS, cm, manager="test", force=True))
            await client.write(
                requests.create(SECRETS, cluster_secret("other", other.url, config=json.dumps(config(other))))
            )
            await client.write(requests.create(PROJECTS, project(accounts)))
            await client.write(requests.create(APPLICATIONS, application(str(source), other.url)))
            status = await ended(client)
            page = await verbs(other.cluster.client("system:test", ("system:masters",))).list(CONFIG_MAPS, "default")
            return status, any(obj["metadata"]["name"] == "a" for obj in page.items)

    return asyncio.run(scenario())


async def listed(directory: Path, home: Served, output: str) -> str:
    file = directory / "kubeconfig"
    file.write_text(json.dumps(home.by_certificate))
    arguments = ("-m", "argosy.cli.main", "cluster", "list", "--kubeconfig", str(file), "-o", output)
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    told, _ = await child.communicate()
    assert child.returncode == 0
    return told.decode()


def test_clusters_are_listed_with_what_each_answers_and_no_secrets(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, list[JsonObject]]:
        async with served() as home, served() as other:
            client = verbs(home.cluster.client("system:test", ("system:masters",)))
            await client.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
            for name, server, config in (
                ("good", other.url, by_token(other)),
                ("refused", f"{other.url}/", wrong_token(other)),
                ("away", "https://127.0.0.1:9", {}),
                ("broken", "https://broken.example", {"awsAuthConfig": {"roleARN": "x"}}),
            ):
                secret = cluster_secret(name, server, config=json.dumps(config), project="team")
                await client.create(SECRETS, secret)
            return await listed(tmp_path, home, "wide"), json.loads(await listed(tmp_path, home, "json"))

    wide, found = asyncio.run(scenario())
    told = {item["name"]: item for item in found}
    assert told["in-cluster"]["status"] == "Successful"
    assert told["away"]["status"] == "Failed"
    assert "clusterName is empty" in told["broken"]["message"]
    assert told["good"]["status"] == "Successful"
    assert told["good"]["project"] == "team"
    assert "refused" not in told, "one Secret a server counts, the first by name"
    assert wide.splitlines()[0].split() == ["SERVER", "NAME", "VERSION", "STATUS", "MESSAGE", "PROJECT"]
    assert "canary" not in wide + json.dumps(found)


@pytest.mark.parametrize("config", [by_token, by_certificate])
def test_an_application_is_synced_into_a_cluster_over_https(
    tmp_path: Path, config: Callable[[Served], JsonObject]
) -> None:
    status, applied = run(tmp_path, config, [])
    assert status["operationState"]["phase"] == "Succeeded"
    assert applied


def test_a_cluster_that_refuses_us_is_reported_without_the_token(tmp_path: Path) -> None:
    status, applied = run(tmp_path, wrong_token, [])
    condition = next(item for item in status["conditions"] if item["type"] == "ComparisonError")
    assert "failed to get cluster info for" in condition["message"]
    assert "Unauthorized" in condition["message"]
    assert "canary" not in json.dumps(status)
    assert not applied


def test_a_service_account_of_the_other_cluster_is_judged_there(tmp_path: Path) -> None:
    account = {"server": "*", "namespace": "*", "defaultServiceAccount": "deployer"}
    status, applied = run(tmp_path, by_token, [account])
    assert status["operationState"]["phase"] == "Failed"
    [result] = status["operationState"]["syncResult"]["resources"]
    assert 'User "system:serviceaccount:default:deployer" cannot' in result["message"]
    assert not applied
