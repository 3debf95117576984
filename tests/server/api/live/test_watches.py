"""One stream for all that a page shows, over a real server: each watch by its number, and none hinders another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from tests.kit.argocd_server import Api, argocd_server

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
BASE = "/api/argosy/v1"
STREAM = f"{BASE}/stream"
PATIENCE = 120.0
"""Seconds: of a process that others keep waiting."""


def application(name: str) -> JsonObject:
    metadata: dict[str, Any] = {"name": name, "namespace": "argocd"}
    metadata["annotations"] = {"argocd.argoproj.io/skip-reconcile": "true"}
    spec = {
        "project": "default",
        "source": {"repoURL": "https://git.example/x.git", "path": "."},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}


Heard = tuple[str, list[Any]]


@asynccontextmanager
async def watching(api: Api, *places: str, token: str = "") -> AsyncIterator[AsyncIterator[Heard]]:
    """Events as they come: name and data."""
    asked = "&".join(f"watch={quote(place, safe='')}" for place in places)
    headers = {"Authorization": f"Bearer {token or api.token}"}
    async with api.http.get(f"{api.server.url}{STREAM}?{asked}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()

        async def events() -> AsyncIterator[Heard]:
            name = ""
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    yield name, json.loads(line.removeprefix("data: "))

        async with asyncio.timeout(PATIENCE):
            yield events()


def test_several_windows_come_in_one_stream_and_each_change_with_its_number(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.create(APPLICATIONS, application("a"))
            async with watching(
                api, "applications?limit=5", "applications/argocd/a", "home", "stages/x/y", "nowhere"
            ) as heard:
                first: dict[int, tuple[str, Any]] = {}
                while len(first) < 5:
                    event = await anext(heard)
                    name, (number, body) = event[0], event[1]
                    first.setdefault(number, (name, body))
                assert [first[number][0] for number in range(5)] == ["snapshot"] * 3 + ["refused"] * 2
                assert first[1][1]["row"]["name"] == "a"
                assert set(first[2][1]) == {"items", "alike", "counts", "favourites"}
                assert (first[3][1]["status"], first[4][1]["status"]) == (404, 404)
                await api.create(APPLICATIONS, application("b"))
                while True:
                    event = await anext(heard)
                    name, (number, body) = event[0], event[1]
                    if number == 0 and "argocd/b" in body.get("order", ()):
                        assert name == "patch"
                        break

    asyncio.run(scenario())


def test_a_right_that_is_taken_away_ends_its_watch_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            await api.create(APPLICATIONS, application("a"))
            await api.configure("argocd-cm", {"accounts.alice": "login"})
            await api.configure("argocd-rbac-cm", {"policy.csv": "p, alice, applications, get, default/a, allow"})
            initial = await api.cluster.client.get(
                requests.Get(Resource("", "v1", "secrets", "Secret"), Key("argocd", "argocd-initial-admin-secret"))
            )
            from argosy.server.configuration import decoded

            body = {"currentPassword": decoded(initial)["password"], "name": "alice", "newPassword": "alice-password"}
            assert (await api.call("PUT", "/api/v1/account/password", body))[0] == 200
            token = await api.sign_in("alice", "alice-password")
            async with asyncio.timeout(PATIENCE):
                while (await api.call("GET", f"{BASE}/applications/argocd/a", token=token))[0] != 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            async with watching(api, "applications/argocd/a", "home", token=token) as heard:
                seen: set[int] = set()
                while seen != {0, 1}:
                    name, (number, *_) = await anext(heard)
                    assert name in ("snapshot", "patch")
                    seen.add(number)
                await api.configure("argocd-rbac-cm", {"policy.csv": "p, alice, projects, get, x, allow"})
                told: set[tuple[str, int]] = set()
                while told != {("ended", 0), ("patch", 1)}:  # home goes on, and counts what is left: nothing
                    event = await anext(heard)
                    if event[0] != "rights":
                        told.add((event[0], event[1][0]))

    asyncio.run(scenario())


def test_a_watch_that_is_wrong_is_refused_by_its_field_and_too_many_are_none(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            async with watching(
                api, "applications?sort=nonsense", "applications?pattern=(", "home?favourite=x"
            ) as heard:
                told: list[str] = []
                while len(told) < 3:
                    name, (_, body) = await anext(heard)
                    assert (name, body["status"]) == ("refused", 400)
                    told.append(body["message"].split(":")[1].strip())
                assert told == ["sort", "pattern", "favourite"]
            assert (await api.call("GET", STREAM))[0] == 400
            many = "&".join(["watch=home"] * 51)
            assert (await api.call("GET", f"{STREAM}?{many}"))[0] == 400
            assert (await api.call("GET", f"{STREAM}?watch=home", token="nobody"))[0] == 401

    asyncio.run(scenario())


def test_changed_policies_are_reported_so_that_rights_are_asked_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, watching(api, "home", "nowhere") as heard:
            assert {(await anext(heard))[0] for _ in range(2)} == {"snapshot", "refused"}
            await api.configure("argocd-rbac-cm", {"policy.csv": "g, somebody, role:readonly"})
            while (event := await anext(heard))[0] != "rights":
                pass
            assert event[1] == []

    asyncio.run(scenario())
