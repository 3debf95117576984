"""Watches of Applications: what each stream gets, and what streams share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery import requests
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.server.services.applications.watching import BUFFER, TOGETHER, Watcher
from tests.kit.argocd_server import Api, argocd_server

APPLICATIONS = Resource("argoproj.io", "v1alpha1", "applications", "Application")


def application(name: str) -> JsonObject:
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
            "source": {"repoURL": "https://git.example.com/r.git", "path": "."},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
        },
    }


async def labelled(api: Api, name: str, value: str) -> None:
    patch = {"metadata": {"labels": {"n": value}}}
    await api.cluster.client.write(requests.patch(APPLICATIONS, Key("argocd", name), patch, PatchType.MERGE))


def is_last(told: list[Any]) -> bool:
    return bool((told[-1]["application"]["metadata"].get("labels") or {}).get("n") == "end")


async def seen(api: Api, query: str, enough: Callable[[list[Any]], bool], opened: asyncio.Event) -> list[Any]:
    """The messages of a stream until that is enough."""
    headers, found = {"Authorization": f"Bearer {api.token}"}, list[Any]()
    opened.set()
    async with api.http.get(f"{api.server.url}/api/v1/stream/applications?{query}", headers=headers) as answer:
        async for line in answer.content:
            found.append(json.loads(line)["result"])
            if enough(found):
                return found
    raise AssertionError(f"the stream ended after {len(found)} messages")


def test_every_stream_gets_every_change_once_and_in_order(tmp_path: Path) -> None:
    changes = 3 * TOGETHER

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(120), asyncio.TaskGroup() as tasks:
            for name in ("first", "second"):
                await api.create(APPLICATIONS, application(name))
            opened = [asyncio.Event() for _ in range(40)]
            streams = [tasks.create_task(seen(api, "", is_last, event)) for event in opened]
            narrow = tasks.create_task(seen(api, "name=second", is_last, asyncio.Event()))
            for event in opened:
                await event.wait()
            for number in range(changes):
                await labelled(api, "first", str(number))
            await labelled(api, "second", "end")
            for stream in streams:
                told = [message for message in await stream if message["application"]["metadata"]["name"] == "first"]
                versions = [int(message["application"]["metadata"]["resourceVersion"]) for message in told]
                assert versions == sorted(set(versions)), "in order, and none twice"
                last = told[-1]["application"]["metadata"]["labels"]
                assert last == {"n": str(changes - 1)}
            assert {message["application"]["metadata"]["name"] for message in await narrow} == {"second"}

    asyncio.run(scenario())


def test_existing_objects_are_sent_first_in_the_order_of_names(tmp_path: Path) -> None:
    count = TOGETHER + 20

    async def scenario() -> None:
        async with argocd_server(tmp_path) as api, asyncio.timeout(120):
            names = [f"app-{number:03d}" for number in range(count)]
            for name in reversed(names):
                await api.create(APPLICATIONS, application(name))
            cache = api.server.context.gitops.plane.applications
            while len(cache.list("argocd")) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # noqa: TID251  # of a real server
            told = await seen(api, "", lambda found: len(found) == count, asyncio.Event())
            assert [message["application"]["metadata"]["name"] for message in told] == names
            assert {message["type"] for message in told} == {"ADDED"}

    asyncio.run(scenario())


@pytest.mark.parametrize(("since", "version", "is_new"), [(0, "1", True), (5, "5", True), (5, "4", False)])
def test_what_is_older_than_where_a_stream_begins_is_not_sent(since: int, version: str, is_new: bool) -> None:
    assert Watcher(since).is_new({"metadata": {"resourceVersion": version}}) is is_new


def test_of_too_many_messages_the_newest_are_lost_and_it_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    watcher = Watcher()
    for number in range(BUFFER + 3):
        watcher.put({"number": number})
    watcher.wake()

    async def all_of_them() -> list[JsonObject]:
        found = list[JsonObject]()
        while len(found) < BUFFER:
            taken = await watcher.take()
            assert len(taken) <= TOGETHER
            found += taken
        return found

    assert [item["number"] for item in asyncio.run(all_of_them())] == [*range(BUFFER)]
    assert "lost 3 events" in caplog.text
