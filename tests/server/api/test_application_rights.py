"""What a list shows is remembered for each caller, and follows its rights and the Applications all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from tests.kit.argocd_server import Api, argocd_server

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")


def application(name: str, project: str) -> JsonObject:
    metadata: dict[str, Any] = {"name": name, "namespace": "argocd"}
    metadata["annotations"] = {"argocd.argoproj.io/skip-reconcile": "true"}
    spec = {
        "project": project,
        "source": {"repoURL": "https://git.example/x.git", "path": "."},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


async def seen(api: Api, token: str) -> list[str]:
    status, page = await api.call("GET", "/api/argosy/v1/applications", token=token)
    assert status == 200, page
    return [row["name"] for row in page["rows"]]


async def until(look: Callable[[], Awaitable[list[str]]], wanted: list[str]) -> None:
    async with asyncio.timeout(20):
        while await look() != wanted:  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.05)  # noqa: TID251  # of a real server


def test_a_remembered_list_follows_applications_projects_and_policies(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"accounts.alice": "login"})
            await api.configure("argocd-rbac-cm", {"policy.csv": "p, alice, applications, get, a/*, allow"})
            for project in ("a", "b"):
                metadata = {"name": project, "namespace": "argocd"}
                obj = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": {}}
                await api.create(PROJECTS, obj)
                await api.create(APPLICATIONS, application(f"{project}1", project))
            password = {"currentPassword": await _admin(api), "name": "alice", "newPassword": "alice-password"}
            assert (await api.call("PUT", "/api/v1/account/password", password))[0] == 200
            token = await api.sign_in("alice", "alice-password")

            async def alices() -> list[str]:
                return await seen(api, token)

            await until(alices, ["a1"])
            await until(lambda: seen(api, api.token), ["a1", "b1"])

            await api.create(APPLICATIONS, application("a2", "a"))
            await until(alices, ["a1", "a2"])
            moved = requests.patch(APPLICATIONS, Key("argocd", "a1"), {"spec": {"project": "b"}}, PatchType.MERGE)
            await api.cluster.client.write(moved)
            await until(alices, ["a2"])

            await api.configure("argocd-rbac-cm", {"policy.csv": "p, alice, applications, get, b/b*, allow"})
            await until(alices, ["b1"])
            await api.configure("argocd-rbac-cm", {"policy.csv": ""})
            await until(alices, [])

    asyncio.run(scenario())


def test_a_remembered_list_follows_the_roles_of_projects_and_where_applications_may_be(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.configure("argocd-cm", {"accounts.alice": "login"})
            await api.create(PROJECTS, project("a", "team-x"))
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-x"}}
            await api.create(Resource("", "v1", "namespaces", "Namespace", namespaced=False), namespace)
            elsewhere = application("a2", "a")
            elsewhere["metadata"]["namespace"] = "team-x"
            await api.create(APPLICATIONS, application("a1", "a"))
            await api.create(APPLICATIONS, elsewhere)
            password = {"currentPassword": await _admin(api), "name": "alice", "newPassword": "alice-password"}
            assert (await api.call("PUT", "/api/v1/account/password", password))[0] == 200
            token = await api.sign_in("alice", "alice-password")
            await until(lambda: seen(api, token), [])

            role = {
                "name": "readers",
                "groups": ["alice"],
                "policies": ["p, proj:a:readers, applications, get, a/*, allow"],
            }
            granted = requests.patch(PROJECTS, Key("argocd", "a"), {"spec": {"roles": [role]}}, PatchType.MERGE)
            await api.cluster.client.write(granted)
            await until(lambda: seen(api, token), ["a1"])
            await api.configure("argocd-cmd-params-cm", {"application.namespaces": "team-*"})
            await until(lambda: seen(api, api.token), ["a1", "a2"])
            await api.configure("argocd-cmd-params-cm", {"application.namespaces": ""})
            await until(lambda: seen(api, api.token), ["a1"])
            taken = requests.patch(PROJECTS, Key("argocd", "a"), {"spec": {"roles": []}}, PatchType.MERGE)
            await api.cluster.client.write(taken)
            await until(lambda: seen(api, token), [])

    asyncio.run(scenario())


def project(name: str, *namespaces: str) -> JsonObject:
    metadata = {"name": name, "namespace": "argocd"}
    spec = {"sourceNamespaces": list(namespaces)}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


async def _admin(api: Api) -> str:
    from argosy.server.configuration import decoded

    secrets = Resource("", "v1", "secrets", "Secret")
    found = await api.cluster.client.get(requests.Get(secrets, Key("argocd", "argocd-initial-admin-secret")))
    return str(decoded(found)["password"])
