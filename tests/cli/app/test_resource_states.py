"""Rows of resources as `argocd` prints them: their order, what they say, and what changed while a command waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.cli.app.resource_states import Changes, ResourceState, is_selected, states_of
from argosy.machinery.objects import JsonObject

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def resource(kind: str, name: str, status: str = "Synced", health: str = "", **more: Any) -> JsonObject:
    found: JsonObject = {"kind": kind, "namespace": "shop", "name": name, "status": status, **more}
    return found | ({"health": {"status": health}} if health else {})


def application(resources: list[JsonObject], results: list[JsonObject]) -> JsonObject:
    return {"status": {"resources": resources, "operationState": {"syncResult": {"resources": results}}}}


def result(kind: str, name: str, **more: Any) -> JsonObject:
    return {"kind": kind, "namespace": "shop", "name": name, "status": "Synced", "hookPhase": "Running", **more}


def test_rows_of_the_last_operation_come_first_and_the_others_by_key() -> None:
    resources = [resource("Service", "z"), resource("ConfigMap", "b"), resource("Deployment", "web", health="Healthy")]
    states = states_of(application(resources, [result("Deployment", "web", message="configured")]))
    assert [(one.kind, one.status, one.health, one.message) for one in states] == [
        ("Deployment", "Synced", "Healthy", "configured"),
        ("ConfigMap", "Synced", "", ""),
        ("Service", "Synced", "", ""),
    ]


def test_a_hook_and_what_is_gone_have_their_phase_and_result() -> None:
    results = [
        result("Job", "migrate", hookType="PreSync", hookPhase="Succeeded"),
        result("ConfigMap", "old", status="Pruned", hookPhase="Succeeded"),
    ]
    states = states_of(application([resource("Job", "migrate", health="Healthy")], results))
    assert [(one.name, one.status, one.health, one.hook) for one in states] == [
        ("migrate", "Succeeded", "Synced", "PreSync"),
        ("old", "Succeeded", "Pruned", ""),
    ]


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ([], True),
        ([{"group": "apps", "kind": "Deployment", "name": "web"}], True),
        ([{"group": "*", "kind": "*", "name": "web"}], True),
        ([{"group": "apps", "kind": "Deployment", "name": "web", "namespace": "other"}], False),
        ([{"group": "", "kind": "Service", "name": "web"}], False),
        ([{"group": "*", "kind": "Deployment", "name": "*", "exclude": True}], False),
        ([{"group": "", "kind": "Service", "name": "*", "exclude": True}], True),
        (
            [
                {"group": "apps", "kind": "*", "name": "*"},
                {"group": "*", "kind": "*", "name": "web", "exclude": True},
            ],
            False,
        ),
    ],
)
def test_an_excluding_resource_wins_and_without_including_ones_all_are_meant(
    selected: list[JsonObject], expected: bool
) -> None:
    assert is_selected(("apps", "Deployment", "shop", "web"), selected) is expected


def test_while_waiting_a_row_is_printed_once_for_each_change() -> None:
    changes = Changes()
    web = ResourceState("apps", "Deployment", "shop", "web", "OutOfSync", "Missing")
    first = changes.rows([web], NOON)
    assert [line.split() for line in first.splitlines()] == [
        ["TIMESTAMP", "GROUP", "KIND", "NAMESPACE", "NAME", "STATUS", "HEALTH", "HOOK", "MESSAGE"],
        ["2026-01-01T12:00:00+00:00", "apps", "Deployment", "shop", "web", "OutOfSync", "Missing"],
    ]
    assert changes.rows([web], NOON) == ""
    healthy = ResourceState("apps", "Deployment", "shop", "web", "Synced", "Healthy", message="created")
    assert changes.rows([healthy], NOON).split() == [
        "2026-01-01T12:00:00+00:00", "apps", "Deployment", "shop", "web", "Synced", "Healthy", "created",
    ]  # fmt: skip
    silent = ResourceState("apps", "Deployment", "shop", "web")
    assert changes.rows([silent], NOON) == "", "what says nothing new is no change"
