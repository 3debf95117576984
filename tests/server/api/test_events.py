"""Events for the page: of both APIs, of our kinds alone, and only for who may see the object."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject, Resource
from argosy.server.api.events import row_of, slim
from tests.kit.argocd_server import Api, argocd_server

EVENTS = Resource("", "v1", "events", "Event")
SERIES = {"count": 9, "lastObservedTime": "2026-01-01T00:00:05Z"}


def event(name: str, kind: str, api_version: str, **more: Any) -> JsonObject:
    about = {"apiVersion": api_version, "kind": kind, "namespace": "default", "name": "web", "uid": "u"}
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, **more}


@pytest.mark.parametrize(
    ("given", "time", "count"),
    [
        ({"lastTimestamp": "2026-01-01T00:00:02Z", "firstTimestamp": "2026-01-01T00:00:01Z", "count": 3}, "02Z", 3),
        ({"eventTime": "2026-01-01T00:00:01.000000Z"}, "01.000000Z", 1),
        ({"eventTime": "2026-01-01T00:00:01Z", "series": SERIES}, "05Z", 9),
    ],
)
def test_when_and_how_often_is_read_of_both_apis(given: JsonObject, time: str, count: int) -> None:
    row = row_of(slim(event("e", "Stage", "kargo.akuity.io/v1alpha1", **given)))
    assert row["time"].endswith(time)
    assert row["count"] == count


def test_of_other_kinds_the_cache_keeps_the_name_alone() -> None:
    assert slim(event("e", "Pod", "v1", message="long")) == {"metadata": {"name": "e", "namespace": "default"}}
    assert slim(event("e", "Stage", "v1", message="long")) == {"metadata": {"name": "e", "namespace": "default"}}


async def _events(api: Api, token: str | None = None) -> list[tuple[str, str]]:
    status, page = await api.call("GET", "/api/argosy/v1/events?namespace=default", token=token)
    assert status == 200, page
    return [(row["kind"], row["reason"]) for row in page["rows"]]


def test_events_are_for_who_may_see_their_object(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            text = "p, role:promoter, objects, get, kargo.akuity.io/Stage/default/*, allow\ng, robot, role:promoter"
            await api.configure("argocd-rbac-cm", {"policy.csv": text})
            await api.configure("argocd-cm", {"accounts.robot": "apiKey, login"})
            for name, kind, version in (
                ("one", "Stage", "kargo.akuity.io/v1alpha1"),
                ("two", "Rollout", "argoproj.io/v1alpha1"),
                ("three", "Pod", "v1"),
            ):
                told = {"reason": "Told", "message": "m", "type": "Normal", "lastTimestamp": "2026-01-01T00:00:00Z"}
                await api.create(EVENTS, event(name, kind, version, **told))
            for _ in range(100):
                if len(await _events(api)) == 2:
                    break
                await asyncio.sleep(0.05)  # noqa: TID251  # of a real server
            assert sorted(await _events(api)) == [("Rollout", "Told"), ("Stage", "Told")]
            status, made = await api.call("POST", "/api/v1/account/robot/token", {"name": "robot"})
            assert status == 200, made
            assert await _events(api, str(made["token"])) == [("Stage", "Told")]

    asyncio.run(scenario())
