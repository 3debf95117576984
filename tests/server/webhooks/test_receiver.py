"""Pushes become refreshes: each Application once for a storm, and none is missed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from tests.kit.argocd_server import Api, argocd_server

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")
REFRESH_TIME = "argocd.argoproj.io/refresh-timestamp"
PUSHES = 60


def application(name: str, repository: str) -> JsonObject:
    """One that no controller looks at."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd",
            "annotations": {"argocd.argoproj.io/skip-reconcile": "true"},
        },
        "spec": {
            "project": "default",
            "source": {"repoURL": f"https://git.example.com/{repository}.git", "path": "."},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        },
    }


async def push(api: Api, repository: str) -> None:
    body = {
        "ref": "refs/heads/main",
        "repository": {"html_url": f"https://git.example.com/{repository}", "default_branch": "main"},
        "commits": [],
    }
    status, text = await api.call("POST", "/api/webhook", body, headers={"X-GitHub-Event": "push"}, token="")
    assert status == 200, text


async def refreshed(api: Api, name: str) -> Any:
    """Once a push has reached it."""
    while True:
        app = await api.cluster.client.get(requests.Get(APPLICATIONS, Key("argocd", name)))
        if REFRESH_TIME in app["metadata"]["annotations"]:
            return app
        await asyncio.sleep(0.02)  # noqa: TID251  # of a real server


def test_a_storm_of_pushes_refreshes_each_application_no_oftener_than_once_a_second(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(120):
            for name, repository in (("a", "one"), ("b", "one"), ("c", "two"), ("other", "three")):
                await api.create(APPLICATIONS, application(name, repository))
            writes = list[str]()
            api.server.context.gitops.plane.applications.on_change(
                lambda old, new: writes.append(new["metadata"]["name"]) if old and new else None
            )
            began = asyncio.get_running_loop().time()
            async with asyncio.TaskGroup() as tasks:
                for number in range(PUSHES):
                    tasks.create_task(push(api, ("one", "two")[number % 2]))
            for name in "abc":
                await refreshed(api, name)
            await push(api, "three")
            await refreshed(api, "other")
            while "other" not in writes:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # noqa: TID251  # of a real server
            seconds = asyncio.get_running_loop().time() - began
            for name in "abc":
                assert 1 <= writes.count(name) <= 1 + seconds, "once, and on a very slow machine once a second"

    asyncio.run(scenario())


def test_a_push_that_concerned_nothing_concerns_what_has_come_since(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(120):
            await push(api, "late")
            await api.create(APPLICATIONS, application("late", "late"))
            while api.server.context.gitops.plane.applications.get(Key("argocd", "late")) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # noqa: TID251  # of a real server
            await push(api, "late")
            await refreshed(api, "late")

    asyncio.run(scenario())
