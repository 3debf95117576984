"""Traces, previews, dependencies, stories and details over a real control plane on loopback."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import bcrypt

from argosy.machinery.objects import JsonObject, Resource
from argosy.server.context import APPLICATIONS
from argosy.sources.hosting.repositories import Repositories
from argosy.sources.hosting.serving import Serving
from tests.kit.argocd_server import Api, argocd_server
from tests.kit.promotion import git

BASE = "/api/argosy/v1"
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
ROLLOUTS = Resource("argoproj.io", "v1alpha1", "rollouts", "Rollout")
CERTIFICATES = Resource("cert-manager.io", "v1", "certificates", "Certificate")
SEALED = Resource("bitnami.com", "v1alpha1", "sealedsecrets", "SealedSecret")
KARGO = "kargo.akuity.io/v1alpha1"
PATIENCE_SECONDS = 60.0
APPS = [{"name": "web", "namespace": "argocd"}]
"""What the step of a Promotion says it updated."""


async def until(api: Api, path: str, holds: Any) -> Any:
    """Asked again until it is so; a slow machine takes its time."""
    clock = api.server.context.clock
    ends = clock.monotonic() + PATIENCE_SECONDS
    while True:
        status, found = await api.call("GET", f"{BASE}{path}")
        if status == 200 and holds(found):
            return found
        assert clock.monotonic() < ends, (status, found)
        await clock.sleep(0.1)


def repository(place: Path) -> tuple[str, str, str]:
    """Its address, and its two commits."""
    copy = place / "copy"
    copy.mkdir()
    git(copy, "init", "--quiet", "--initial-branch=main")
    commits = []
    for value in ("one", "two"):
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s"},
            "stringData": {"k": f"hunter-{value}"},
        }
        first = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": value}}
        (copy / "all.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [first, secret]}))
        git(copy, "add", "--all")
        git(copy, "commit", "--quiet", "-m", value)
        commits.append(git(copy, "rev-parse", "HEAD").strip())
    return str(copy), commits[0], commits[1]


def application(url: str, revision: str) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "namespace": "argocd", "annotations": {"argosy.dev/depends-on": "db"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": ".", "targetRevision": revision},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "team"},
        },
    }


def test_a_preview_shows_what_a_sync_or_a_roll_back_would_change_and_no_secret(tmp_path: Path) -> None:
    async def scenario() -> None:
        url, first, second = repository(tmp_path)
        async with argocd_server(tmp_path / "data") as api:
            await api.create(NAMESPACES, {"metadata": {"name": "team"}, "apiVersion": "v1", "kind": "Namespace"})
            obj = application(url, first)
            obj["metadata"].pop("annotations")
            await api.create(APPLICATIONS, obj)
            found = await until(api, "/applications/argocd/web/preview", lambda one: one["counts"])
            assert found["counts"] == {"create": 2}
            assert "hunter" not in json.dumps(found)

            status, _ = await api.call("POST", "/api/v1/applications/web/sync", {"revision": first})
            assert status == 200
            await until(api, "/applications/argocd/web", lambda one: one["row"]["sync"] == "Synced")
            found = await until(
                api, f"/applications/argocd/web/preview?revision={second}", lambda one: "update" in one["counts"]
            )
            assert found["revisions"] == [second]
            (changed,) = (one for one in found["changes"] if one["kind"] == "ConfigMap")
            assert (changed["change"], changed["live"]["data"], changed["wanted"]["data"]) == (
                "update", {"k": "one"}, {"k": "two"},
            )  # fmt: skip
            assert "hunter" not in json.dumps(found)

            status, found = await api.call("GET", f"{BASE}/applications/argocd/web/preview/rollback/0")
            assert (status, found["counts"]) == (200, {"none": 2})
            status, _ = await api.call("GET", f"{BASE}/applications/argocd/web/preview/rollback/9")
            assert status == 404
            status, _ = await api.call("GET", f"{BASE}/applications/argocd/web/preview?revision=a&revision=b")
            assert status == 400

    asyncio.run(scenario())


def test_dependencies_histories_and_details_are_served_to_callers_who_may_see_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.create(NAMESPACES, {"metadata": {"name": "team"}, "apiVersion": "v1", "kind": "Namespace"})
            await _dependencies(api)
            await _stories(api)
            await _rollout(api)
            await _dashboard(api)

    asyncio.run(scenario())


async def _dependencies(api: Api) -> None:
    await api.create(APPLICATIONS, application("https://git.example.com/x.git", "HEAD"))
    found = await until(api, "/dependencies/argoproj.io/Application/argocd/db", lambda one: one["neededBy"])
    assert found == {
        "needs": [],
        "neededBy": [
            {"group": "argoproj.io", "kind": "Application", "namespace": "argocd", "name": "web", "why": "dependency"}
        ],
        "hidden": 0,
    }
    status, found = await api.call("GET", f"{BASE}/dependencies/argoproj.io/Application/argocd/web")
    assert (status, [one["name"] for one in found["needs"]]) == (200, ["default", "db"])
    status, _ = await api.call("GET", f"{BASE}/dependencies/core/Secret/team/none")
    assert status == 404


async def _stories(api: Api) -> None:
    body = {"secretName": "tls", "dnsNames": ["x.example.com"], "issuerRef": {"name": "absent"}}
    metadata = {"name": "web", "namespace": "team"}
    await api.create(
        CERTIFICATES, {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata, "spec": body}
    )
    found = await until(api, "/certificates/team/web/story", lambda one: "Absent" in json.dumps(one["chapters"]))
    assert found["chapters"][0]["kind"] == "Certificate"
    assert any("Issuer absent: not there" in line for line in found["lines"])

    spec = {"encryptedData": {"password": "AgAn=="}}
    await api.create(
        SEALED, {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata, "spec": spec}
    )
    status, found = await api.call("GET", f"{BASE}/sealedsecrets/team/web/story")
    assert status == 200
    assert found["lines"][0] == "SealedSecret team/web: password"
    assert found["chapters"][1]["state"] == "Absent"
    for path in ("certificates/team/none/story", "sealedsecrets/other/web/story"):
        assert (await api.call("GET", f"{BASE}/{path}"))[0] == 404


async def _rollout(api: Api) -> None:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "example/web:1"}]},
    }
    strategy = {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template, "strategy": strategy}
    metadata = {"name": "web", "namespace": "team"}
    await api.create(
        ROLLOUTS, {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": spec}
    )
    found = await until(api, "/rollouts/team/web/details", lambda one: one["info"]["status"] == "Healthy")
    assert found["info"]["strategy"] == "Canary"
    assert [one["pods"][0]["ready"] for one in found["info"]["replicaSets"]] == ["1/1"]


async def _dashboard(api: Api) -> None:
    root = "/rollouts/api/v1"
    status, found = await api.call("GET", f"{root}/rollouts/team/info")
    assert (status, [one["objectMeta"]["name"] for one in found["rollouts"]]) == (200, ["web"])
    assert (await api.call("GET", f"{root}/namespace"))[1] == {"namespace": "team", "availableNamespaces": ["team"]}
    status, found = await api.call("PUT", f"{root}/rollouts/team/web/set/web/example%2Fweb/2")
    assert (status, found["spec"]["template"]["spec"]["containers"][0]["image"]) == (200, "example/web:2")
    await until(api, "/rollouts/team/web/details", lambda one: one["info"]["status"] == "Paused")
    status, found = await api.call("PUT", f"{root}/rollouts/team/web/promote", {"full": True})
    assert status == 200, found
    await until(api, "/rollouts/team/web/details", lambda one: one["info"]["status"] == "Healthy")
    status, found = await api.call("PUT", f"{root}/rollouts/team/web/undo/0")
    assert (status, found["spec"]["template"]["spec"]["containers"][0]["image"]) == (200, "example/web:1")
    status, found = await api.call("PUT", f"{root}/rollouts/team/web/undo/x")
    assert (status, found["code"]) == (400, 3)
    status, found = await api.call("GET", f"{root}/rollouts/team/absent/info")
    assert (status, found["code"]) == (404, 5)
    assert (await api.call("GET", f"{root}/rollouts/team/info", token=""))[0] == 401

    await api.configure("argocd-cm", {"accounts.dave": "login"})
    password = bcrypt.hashpw(b"a-password", bcrypt.gensalt(4)).decode()
    await api.secret("argocd-secret", {"accounts.dave.password": password})
    token = await _signed_in(api)
    assert await api.call("GET", f"{root}/rollouts/team/info", token=token) == (200, {"rollouts": []})
    unseen = await api.call("GET", f"{root}/rollouts/team/web/info", token=token)
    absent = await api.call("GET", f"{root}/rollouts/team/absent/info", token=token)
    assert json.dumps(unseen).replace("web", "absent") == json.dumps(absent)
    for verb in ("restart", "promote", "abort", "retry", "undo/1", "set/web/i/t"):
        assert (await api.call("PUT", f"{root}/rollouts/team/web/{verb}", token=token))[0] == 404
    for path in (
        "applications/argocd/web/preview",
        "applications/argocd/web/preview/rollback/0",
        "rollouts/team/web/details",
        "certificates/team/web/story",
        "sealedsecrets/team/web/story",
        "dependencies/argoproj.io/Application/argocd/web",
        "freight/team/x/trace",
        "stages/team/x/preview/y",
    ):
        status, said = await api.call("GET", f"{BASE}/{path}", token=token)
        assert status in (403, 404), (path, said)
    async with api.http.get(
        f"{api.server.url}{root}/rollouts/team/web/info/watch",
        headers={"Authorization": f"Bearer {api.token}", "Accept": "text/event-stream"},
    ) as answer:
        line = await answer.content.readline()
        assert answer.content_type == "text/event-stream"
        assert json.loads(line.removeprefix(b"data: "))["result"]["objectMeta"]["name"] == "web"
    async with api.http.get(
        f"{api.server.url}{root}/rollouts/team/info/watch", headers={"Authorization": f"Bearer {api.token}"}
    ) as answer:
        assert json.loads(await answer.content.readline())["result"]["type"] == "Updated"


async def _signed_in(api: Api) -> str:
    for _ in range(100):
        status, found = await api.call(
            "POST", "/api/v1/session", {"username": "dave", "password": "a-password"}, token=""
        )
        if status == 200:
            return str(found["token"])
    raise AssertionError(found)


def test_a_trace_follows_freight_and_a_preview_of_its_promotion_writes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        place, _, second = repository(tmp_path)
        git(tmp_path, "clone", "--quiet", "--bare", place, "repo.git")
        hosting = Serving([Repositories(tmp_path).application()])
        with hosting as (port,):
            async with argocd_server(tmp_path / "data") as api:
                await _pipeline(api, f"http://127.0.0.1:{port}/repo.git")
                await _traced(api, second)

    asyncio.run(scenario())


async def _traced(api: Api, second: str) -> None:
    found = await until(api, f"/traces?of={second[:10]}", lambda one: one["traces"])
    (trace,) = found["traces"]
    assert trace["artefacts"][0]["id"] == second
    assert [(one["stage"], one["state"]) for one in trace["stages"]] == [
        ("test", "waiting"),
        ("prod", "waiting"),
    ]
    same = await until(api, f"/freight/demo/{trace['freight']}/trace", lambda one: True)
    assert same["freight"] == trace["freight"]
    preview = await until(api, f"/stages/demo/test/preview/{trace['freight']}", lambda one: True)
    assert (preview["wouldSucceed"], [one["uses"] for one in preview["steps"]]) == (True, ["compose-output"])
    listed = await until(api, "/promotions", lambda one: True)
    assert listed["total"] == 0
    assert (await api.call("GET", f"{BASE}/traces?of="))[0] == 400
    assert (await api.call("GET", f"{BASE}/traces?of=nothing-like-it"))[1] == {"traces": []}
    await api.create(APPLICATIONS, application("https://git.example.com/x.git", "HEAD"))
    place = f"/freight/demo/{trace['freight']}/trace"
    status, answer = await api.call("POST", f"{BASE}/stages/demo/test/promote", {"freight": trace["freight"]})
    assert status == 200, answer
    promoted = await until(api, place, lambda one: one["stages"][0]["applications"])
    assert [(one["namespace"], one["name"]) for one in promoted["stages"][0]["applications"]] == [("argocd", "web")]


async def _pipeline(api: Api, url: str) -> None:
    resources = {
        one.kind: one for one in (await api.cluster.client.served()).resources if one.group == "kargo.akuity.io"
    }
    project = {"apiVersion": KARGO, "kind": "Project", "metadata": {"name": "demo"}}
    await api.create(resources["Project"], project)
    warehouse = {"interval": "1h", "subscriptions": [{"git": {"repoURL": url, "branch": "main"}}]}
    steps = [{"uses": "compose-output", "as": "out", "config": {"tag": "x", "apps": APPS}}]
    objects: list[tuple[str, str, JsonObject]] = [("Warehouse", "w", warehouse)]
    for name, sources in (("test", {"direct": True}), ("prod", {"stages": ["test"]})):
        request = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": sources}
        objects.append(
            ("Stage", name, {"requestedFreight": [request], "promotionTemplate": {"spec": {"steps": steps}}})
        )
    for kind, name, spec in objects:
        metadata = {"name": name, "namespace": "demo"}
        await api.create(resources[kind], {"apiVersion": KARGO, "kind": kind, "metadata": metadata, "spec": spec})
