"""The Kubernetes API for those who signed in: what they may by Argo CD's policy, and not a bit more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import bcrypt
import pytest

from argosy.machinery import requests
from argosy.machinery.api import PatchType, WatchEvent
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.machinery.status import StatusError
from argosy.runtime.chance import SystemRng
from argosy.runtime.clock import RealClock
from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.connection import Connection
from argosy.runtime.http.credentials import bearer
from argosy.server.kubernetes.door import PREFIX
from tests.kit.argocd_server import CONFIG_MAPS, SECRETS, Api, argocd_server
from tests.kit.verbs import Verbs, verbs

SETS = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet")
APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
PROJECTS = Resource("argoproj.io", "v1alpha1", "appprojects", "AppProject")
STAGES = Resource("kargo.akuity.io", "v1alpha1", "promotions", "Promotion")
POLICY = """
p, role:team, applications, *, team/*, allow
p, role:team, projects, get, team, allow
p, role:reader, applications, get, team/*, allow
p, role:syncer, applications, get, team/*, allow
p, role:syncer, applications, sync, team/*, allow
p, role:promoter, objects, *, *, allow
p, role:owner, projects, *, team, allow
p, role:setter, applicationsets, *, team/*, allow
g, team, role:team
g, reader, role:reader
g, syncer, role:syncer
g, promoter, role:promoter
g, owner, role:owner
g, setter, role:setter
"""
USERS = ("team", "reader", "syncer", "promoter", "owner", "setter", "nobody")


def application_set(name: str, around: str) -> JsonObject:
    """Of the project team; a generator's own template says another one."""
    template = {"metadata": {"name": "{{x}}"}, "spec": application(name)["spec"]}
    own = {"metadata": {}, "spec": {"project": around, "destination": {}}}
    generators = [{"matrix": {"generators": [{"list": {"elements": []}}, {"list": {"elements": []}}], "template": own}}]
    metadata = {"name": name, "namespace": "argocd"}
    spec = {"generators": generators, "template": template}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": metadata, "spec": spec}


def application(name: str, project: str = "team") -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "annotations": {"argocd.argoproj.io/skip-reconcile": "true"},
        },
        "spec": {
            "project": project,
            "source": {"repoURL": "https://git.example.com/a.git", "path": "a"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "a"},
        },
    }


class Callers:
    def __init__(self, api: Api, tokens: dict[str, str]) -> None:
        self._api, self._tokens = api, tokens

    @asynccontextmanager
    async def client(self, name: str) -> AsyncIterator[HttpClient]:
        credential = bearer(self._tokens[name])
        connection = Connection(server=f"{self._api.server.url}{PREFIX}", credential=credential)
        async with HttpClient(connection, RealClock(), SystemRng()) as client:
            yield client

    async def refused(self, name: str, act: Callable[[Verbs], Awaitable[object]]) -> int:
        async with self.client(name) as client:
            with pytest.raises(StatusError) as error:
                await act(verbs(client))
            return error.value.code


@asynccontextmanager
async def callers(place: Path) -> AsyncIterator[tuple[Api, Callers]]:
    async with argocd_server(place) as api:
        await api.configure("argocd-cm", {f"accounts.{name}": "login" for name in USERS})
        await api.configure("argocd-rbac-cm", {"policy.csv": POLICY})
        hashed = bcrypt.hashpw(b"a-password", bcrypt.gensalt(4)).decode()
        await api.secret("argocd-secret", {f"accounts.{name}.password": hashed for name in USERS})
        for name in ("team", "other"):
            metadata = {"name": name, "namespace": "argocd"}
            spec = {"sourceRepos": ["https://git.example.com/*"], "destinations": [{"server": "*", "namespace": "*"}]}
            body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}
            await api.create(PROJECTS, body)
        await api.create(APPLICATIONS, application("mine"))
        await api.create(APPLICATIONS, application("theirs", "other"))
        tokens = {"admin": api.token}
        for name in USERS:
            for _ in range(100):
                asked = {"username": name, "password": "a-password"}
                status, found = await api.call("POST", "/api/v1/session", asked, token="")
                if status == 200:
                    tokens[name] = found["token"]
                    break
                await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
        yield api, Callers(api, tokens)


def test_one_sees_and_changes_what_the_policy_gives(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with callers(tmp_path) as (_, by):
            async with by.client("team") as client:
                page = await client.page(requests.List(resource=APPLICATIONS, namespace="argocd"))
                assert [item["metadata"]["name"] for item in page.items] == ["mine"]
                patch = {"spec": {"source": {"path": "b"}}}
                made = await client.write(requests.patch(APPLICATIONS, Key("argocd", "mine"), patch, PatchType.MERGE))
                assert made["spec"]["source"]["path"] == "b"
                await client.write(requests.create(APPLICATIONS, application("new")))
                await client.write(requests.remove(APPLICATIONS, Key("argocd", "new")))
            async with by.client("nobody") as client:
                assert not (await client.page(requests.List(resource=APPLICATIONS, namespace="argocd"))).items
            move = {"spec": {"project": "other"}}
            for name, expected, act in (
                ("team", 404, lambda c: c.read(APPLICATIONS, "theirs", "argocd")),
                ("team", 404, lambda c: c.read(APPLICATIONS, "absent", "argocd")),
                ("team", 404, lambda c: c.delete(APPLICATIONS, "theirs", "argocd")),
                ("team", 404, lambda c: c.patch(APPLICATIONS, "theirs", "argocd", move, PatchType.MERGE)),
                ("team", 403, lambda c: c.patch(APPLICATIONS, "mine", "argocd", move, PatchType.MERGE)),
                ("team", 403, lambda c: c.create(APPLICATIONS, application("x", "other"))),
                ("team", 403, lambda c: c.create(APPLICATIONS, application("theirs", "other"))),
                ("reader", 403, lambda c: c.delete(APPLICATIONS, "mine", "argocd")),
                ("nobody", 404, lambda c: c.read(PROJECTS, "team", "argocd")),
            ):
                assert await by.refused(name, act) == expected, name

    asyncio.run(scenario())


def test_what_a_write_has_as_its_effect_is_what_needs_the_right(tmp_path: Path) -> None:
    """Not what it says: a merge patch, a JSON patch and an apply that do the same need the same."""

    async def scenario() -> None:
        async with callers(tmp_path) as (api, by):
            sync = {"operation": {"initiatedBy": {"username": "admin"}, "sync": {"revision": "HEAD"}}}
            local = {"operation": {"sync": {"manifests": ["{}"]}}}
            status = {"status": {"health": {"status": "Healthy"}}}
            json_patch = [{"op": "replace", "path": "/spec/source/path", "value": "x"}]
            for name, patch, kind in (
                ("reader", sync, PatchType.MERGE),
                ("syncer", {"spec": {"source": {"path": "x"}}}, PatchType.MERGE),
                ("syncer", json_patch, PatchType.JSON),
                ("syncer", local, PatchType.MERGE),
                ("syncer", {"metadata": {"labels": {"a": "b"}}}, PatchType.MERGE),
                ("team", status, PatchType.MERGE),
                ("admin", status, PatchType.MERGE),
            ):
                act = lambda c, p=patch, k=kind: c.patch(APPLICATIONS, "mine", "argocd", p, k)  # noqa: E731
                assert await by.refused(name, act) == 403, (name, patch)
            refresh = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
            async with by.client("reader") as client:
                await client.write(requests.patch(APPLICATIONS, Key("argocd", "mine"), refresh, PatchType.MERGE))
            async with by.client("syncer") as client:
                made = await client.write(requests.patch(APPLICATIONS, Key("argocd", "mine"), sync, PatchType.MERGE))
                assert made["operation"]["initiatedBy"] == {"username": "syncer"}, "nobody acts in another's name"
            stored = await api.cluster.client.get(requests.Get(APPLICATIONS, Key("argocd", "mine")))
            assert stored["spec"]["source"]["path"] == "a"

    asyncio.run(scenario())


def test_no_way_leads_to_credentials_or_to_more_rights(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with callers(tmp_path) as (api, by):
            labels = {"argocd.argoproj.io/secret-type": "repository"}
            secret = {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "repo-1", "namespace": "argocd", "labels": labels},
                "stringData": {"url": "https://git.example.com/a.git", "password": "canary-1", "username": "u"},
            }
            await api.create(SECRETS, secret)
            async with by.client("admin") as client:
                names = {
                    item["metadata"]["name"]
                    for item in (await client.page(requests.List(resource=SECRETS, namespace="argocd"))).items
                }
                assert names == {"repo-1"}
                found = await client.get(requests.Get(SECRETS, Key("argocd", "repo-1")))
                assert set(found["data"]) == {"url", "username"}
                await client.write(requests.update(SECRETS, {**found, "data": {**found["data"]}}))
            kept = await api.cluster.client.get(requests.Get(SECRETS, Key("argocd", "repo-1")))
            assert "password" in kept["data"], "who was not shown the password does not take it away"
            widen = {"spec": {"sourceRepos": ["https://git.example.com/*", "https://evil.example.com/*"]}}
            rbac = {"data": {"policy.csv": "g, promoter, role:admin"}}
            cluster_role = Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False)
            role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
            async with by.client("setter") as client:
                await client.write(requests.create(SETS, application_set("two", "team")))
            around = {"spec": {"generators": application_set("two", "other")["spec"]["generators"]}}
            for name, expected, act in (
                ("admin", 404, lambda c: c.read(SECRETS, "argocd-secret", "argocd")),
                ("admin", 404, lambda c: c.read(CONFIG_MAPS, "argocd-cm", "argocd")),
                ("promoter", 404, lambda c: c.patch(CONFIG_MAPS, "argocd-rbac-cm", "argocd", rbac, PatchType.MERGE)),
                ("admin", 404, lambda c: c.patch(CONFIG_MAPS, "argocd-rbac-cm", "argocd", rbac, PatchType.MERGE)),
                ("promoter", 403, lambda c: c.create(cluster_role, role)),
                ("owner", 403, lambda c: c.patch(PROJECTS, "team", "argocd", widen, PatchType.MERGE)),
                ("setter", 403, lambda c: c.create(SETS, application_set("one", "other"))),
                ("setter", 403, lambda c: c.patch(SETS, "two", "argocd", around, PatchType.MERGE)),
                ("admin", 400, lambda c: c.delete(PROJECTS, "team", "argocd")),
            ):
                assert await by.refused(name, act) == expected, name
            status, _ = await api.call("GET", f"{PREFIX}/api", token="nonsense")
            assert status == 401
            status, _ = await api.call("GET", f"{PREFIX}/api", token="")
            assert status == 401

    asyncio.run(scenario())


def test_a_watch_shows_what_one_may_see(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with callers(tmp_path) as (api, by), by.client("team") as client:
            page = await client.page(requests.List(resource=APPLICATIONS, namespace="argocd"))
            events = client.follow(
                requests.Watch(resource=APPLICATIONS, namespace="argocd", resource_version=page.resource_version)
            )
            mark = {"metadata": {"labels": {"seen": "yes"}}}

            async def next_event() -> WatchEvent:
                return await anext(events)

            waiting = asyncio.create_task(next_event())  # noqa: TID251
            await asyncio.sleep(0.5)  # noqa: TID251  # of a real server
            await api.cluster.client.write(requests.patch(APPLICATIONS, Key("argocd", "theirs"), mark, PatchType.MERGE))
            await api.cluster.client.write(requests.patch(APPLICATIONS, Key("argocd", "mine"), mark, PatchType.MERGE))
            event = await asyncio.wait_for(waiting, 30)
            assert (event.type, event.object["metadata"]["name"]) == ("MODIFIED", "mine")

    asyncio.run(scenario())
