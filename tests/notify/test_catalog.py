"""The catalogue: every template makes messages that its services take, of any Application."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.notify.catalog import ENTRIES, config_map, data
from argosy.notify.configuration import configuration
from argosy.notify.functions import functions
from argosy.notify.state import condition_hash
from argosy.notify.templates import Renderer
from argosy.notify.triggers import run

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FOUND = configuration(data(), {})
BARE: JsonObject = {
    "metadata": {"name": "web", "namespace": "argocd"},
    "spec": {"source": {"repoURL": "https://git.example/web.git"}},
}


def application(phase: str = "Succeeded", health: str = "Healthy", **status: Any) -> JsonObject:
    operation = {
        "phase": phase,
        "startedAt": "2026-01-01T11:00:00Z",
        "finishedAt": "2026-01-01T11:01:00Z",
        "message": 'a "quoted"\nerror',
        "syncResult": {"revision": "abc"},
    }
    made = {
        "sync": {"status": "Synced", "revision": "abc"},
        "health": {"status": health, "lastTransitionTime": "2026-01-01T11:02:00Z"},
        "operationState": operation,
        "conditions": [{"type": "SyncError", "message": 'no "such" thing\\here\n'}],
        **status,
    }
    return {**BARE, "status": made}


SEVERAL = {**BARE, "spec": {"sources": [{"repoURL": "https://a.example"}, {"repoURL": "https://b.example"}]}}


@pytest.mark.parametrize("app", [BARE, application(), SEVERAL], ids=["bare", "whole", "several sources"])
@pytest.mark.parametrize("template", sorted(FOUND.templates))
def test_a_template_renders_and_its_blocks_are_json(template: str, app: JsonObject) -> None:
    given = {
        "app": app,
        "context": {"argocdUrl": "https://argosy.example"},
        **functions(NOW, None, app),
        "serviceType": "slack",
        "recipient": "x",
        "secrets": {},
    }
    made = Renderer.of(lambda: NOW, bytes).notification((template,), FOUND.templates, given)

    assert "web" in made["message"]
    assert "<no value>" not in json.dumps(made)
    (attachment,) = json.loads(made["slack"]["attachments"])
    assert attachment["title_link"] == "https://argosy.example/applications/argocd/web"
    assert {"Sync", "Health", "Repository"} <= {one["title"] for one in attachment["fields"]}
    assert json.loads(made["teams"]["facts"])
    assert json.loads(made["teams"]["potentialAction"])[0]["@type"] == "OpenUri"
    assert made["email"]["subject"]


def holding(app: JsonObject) -> set[str]:
    given = {"app": app, **functions(NOW, None, app)}
    return {name for name, those in FOUND.triggers.items() if run(those, given, NOW)[0].holds}


@pytest.mark.parametrize(
    ("app", "expected"),
    [
        (BARE, {"on-created"}),
        (application(), {"on-created", "on-deployed", "on-sync-succeeded"}),
        (application(health="Degraded"), {"on-created", "on-health-degraded", "on-sync-succeeded"}),
        (application("Failed"), {"on-created", "on-sync-failed"}),
        (application("Error"), {"on-created", "on-sync-failed"}),
        (application("Running"), {"on-created", "on-sync-running"}),
        (application(sync={"status": "Unknown"}, operationState=None), {"on-created", "on-sync-status-unknown"}),
        (
            {**BARE, "metadata": {**BARE["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}},
            {"on-created", "on-deleted"},
        ),
    ],
)
def test_a_trigger_holds_for_what_its_name_says(app: JsonObject, expected: set[str]) -> None:
    assert holding(app) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("on-created", "X_5TO4MPCKAyY0ipFgr6_IraRNs"),
        ("on-sync-status-unknown", "6SzWb05EK-0v90hwjyytTbN7S6A"),
        ("on-health-degraded", "zoG5zUjYGjimkwCGgIQGjx1hO5s"),
        ("on-deleted", "BmlU8P6R19BGtNv5gj8udVypmxQ"),
    ],
)
def test_a_condition_has_the_hash_that_upstreams_state_has(trigger: str, expected: str) -> None:
    assert condition_hash(FOUND.triggers[trigger][0].when) == expected


def test_every_trigger_sends_a_template_that_is_there() -> None:
    assert not FOUND.problems
    assert len(FOUND.triggers) == len(ENTRIES) == len(FOUND.templates)
    for conditions in FOUND.triggers.values():
        assert set(conditions[0].send) <= set(FOUND.templates)


def test_it_is_a_config_map_to_be_applied() -> None:
    made = config_map("argocd-notifications-cm", "argocd")
    assert made["metadata"] == {"name": "argocd-notifications-cm", "namespace": "argocd"}
    assert all(isinstance(value, str) for value in made["data"].values())
