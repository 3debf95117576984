"""Pushes become refreshes: each Application once for a storm, and none is missed."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from argosy.cluster.http.exchange import Request
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.clock import RealClock
from argosy.server.webhooks.news import News
from argosy.server.webhooks.receiver import Receiver
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


def pushed(repository: str) -> JsonObject:
    return {
        "ref": "refs/heads/main",
        "repository": {"html_url": f"https://git.example.com/{repository}", "default_branch": "main"},
        "commits": [],
    }


async def push(api: Api, repository: str) -> None:
    body = pushed(repository)
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


class Telling(Receiver):
    """Finds at once what a piece of news concerns, as when it is a few Applications."""

    def __init__(self, context: Any, order: list[str]) -> None:
        super().__init__(context)
        self._order = order

    async def _tell(self, news: News) -> None:
        self._order.append("news")


def test_others_have_a_turn_between_two_pieces_of_news() -> None:
    order = list[str]()
    settings = SimpleNamespace(settings={}, secret={})
    receiver = Telling(SimpleNamespace(clock=RealClock(), configuration=settings), order)

    async def others() -> None:
        while order.count("news") < PUSHES:
            await asyncio.sleep(0)  # noqa: TID251  # a turn of the loop each
            order.append("others")

    async def scenario() -> None:
        page = receiver.page()
        for number in range(PUSHES):
            body = json.dumps(pushed(str(number))).encode()
            headers = {"x-github-event": ["push"], "content-type": ["application/json"]}
            assert (await page(Request("POST", "/api/webhook", headers, body), "", "")).status == 200
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            beside = tasks.create_task(others())
            running = tasks.create_task(receiver.run())
            await beside
            running.cancel()

    asyncio.run(scenario())
    told = [at for at, what in enumerate(order) if what == "news"]
    assert all("others" in order[one:next_one] for one, next_one in pairwise(told))
