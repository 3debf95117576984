"""The picture of a pipeline: what a stage holds, takes, and what waits for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from argosy.server.api.pipelines import is_gate, stage_node
from tests.kit.argocd_server import argocd_server

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def stage(holds: str = "", after: tuple[str, ...] = (), **status: Any) -> dict[str, Any]:
    held = {"freightHistory": [{"items": {"Warehouse/images": {"name": holds}}}]} if holds else {}
    sources: dict[str, Any] = {"stages": list(after)} if after else {"direct": True}
    return {
        "metadata": {"name": "prod", "namespace": "shop"},
        "spec": {
            "requestedFreight": [{"origin": {"kind": "Warehouse", "name": "images"}, "sources": sources}],
            "promotionTemplate": {"spec": {"steps": [{"uses": "git-clone"}]}},
        },
        "status": {**held, **status},
    }


def piece(name: str, created: str, *verified: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": f"2026-01-01T00:00:{created}Z"},
        "alias": f"a-{name}",
        "origin": {"kind": "Warehouse", "name": "images"},
        "images": [{"repoURL": "r", "tag": name}],
        "status": {"verifiedIn": {one: {} for one in verified}},
    }


PIECES = [piece("3", "30"), piece("2", "20", "staging"), piece("1", "10", "staging")]


@pytest.mark.parametrize(
    ("holds", "after", "waiting", "newest"),
    [
        ("", (), 3, "3"),
        ("1", (), 2, "3"),
        ("3", (), 0, None),
        ("1", ("staging",), 1, "2"),
        ("2", ("staging",), 0, None),
    ],
)
def test_what_waits_is_newer_than_what_is_held_and_available(
    holds: str, after: tuple[str, ...], waiting: int, newest: str | None
) -> None:
    found = stage_node(stage(holds, after), PIECES, (), NOW)
    assert found["waiting"] == waiting
    assert (found["next"] or {"name": None})["name"] == newest


def test_a_stage_says_from_where_it_takes_freight_and_what_it_holds() -> None:
    found = stage_node(stage("2", ("staging",)), PIECES, (), NOW)
    assert found["takes"] == [{"warehouse": "images", "direct": False, "stages": ["staging"]}]
    assert found["holds"] == [{"name": "2", "alias": "a-2", "content": "r:2"}]


def test_a_hold_says_who_stopped_automatic_promotion_and_at_which_freight() -> None:
    hold = {"freightName": "1", "actor": "email:ann", "createdAt": "2026-01-01T00:00:00Z"}
    found = stage_node(stage("1", effectiveAutoPromotionHolds={"Warehouse/images": hold}), PIECES, (), NOW)
    assert found["onHold"] == [
        {"origin": "Warehouse/images", "freight": "1", "by": "email:ann", "since": "2026-01-01T00:00:00Z"}
    ]
    assert stage_node(stage("1"), PIECES, (), NOW)["onHold"] == []


def test_freight_that_was_deleted_is_still_named_where_it_is_held() -> None:
    assert stage_node(stage("gone"), PIECES, (), NOW)["holds"] == [{"name": "gone", "alias": "", "content": ""}]


def test_a_stage_without_steps_only_passes_on() -> None:
    passes = stage()
    passes["spec"]["promotionTemplate"] = {}
    assert stage_node(passes, PIECES, (), NOW)["controlFlow"]
    assert not stage_node(stage(), PIECES, (), NOW)["controlFlow"]


def test_a_project_without_a_pipeline_is_not_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with argocd_server(tmp_path) as api:
            assert await api.call("GET", "/api/argosy/v1/pipelines") == (200, {"pipelines": []})
            status, refused = await api.call("GET", "/api/argosy/v1/pipelines/nowhere")
            assert status == 404
            assert "no pipeline in the project 'nowhere'" in refused["error"]["message"]

    asyncio.run(scenario())


RUNNING: Any = {"state": "Running", "facts": {"stage": "prod"}}


@pytest.mark.parametrize(
    ("held", "status", "promotions", "waits"),
    [
        ("1", {}, (), True),
        ("3", {}, (), False),
        ("1", {"autoPromotionEnabled": True}, (), False),
        ("1", {}, (RUNNING,), False),
    ],
)
def test_a_stage_is_a_gate_where_freight_waits_that_nothing_promotes(
    held: str, status: dict[str, Any], promotions: tuple[Any, ...], waits: bool
) -> None:
    assert is_gate(stage_node(stage(held, **status), PIECES, promotions, NOW)) is waits
