from __future__ import annotations

from typing import Any

import pytest

from argosy.server.api.applications.why import why

SYNCED = {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}


def app(status: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", **metadata}, "status": status}


def resource(**fields: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "name": "web", "status": "Synced", **fields}


@pytest.mark.parametrize(
    ("given", "reason", "severity", "action", "words"),
    [
        (app(SYNCED), "UpToDate", "ok", "none", "In sync with Git"),
        (app({}), "Unknown", "busy", "refresh", "not compared"),
        (app(SYNCED, deletionTimestamp="2026-01-01T00:00:00Z"), "Deleting", "busy", "none", "being deleted"),
        (
            app({**SYNCED, "operationState": {"phase": "Running", "message": "waiting for hook x"}}),
            "Syncing",
            "busy",
            "terminate",
            "waiting for hook x",
        ),
        (
            app({**SYNCED, "conditions": [{"type": "ComparisonError", "message": "no such branch"}]}),
            "ComparisonError",
            "broken",
            "refresh",
            "no such branch",
        ),
        (
            app({"sync": {"status": "OutOfSync"}, "operationState": {"phase": "Failed", "message": "refused"}}),
            "SyncFailed",
            "broken",
            "sync",
            "refused",
        ),
        (
            app(
                {
                    **SYNCED,
                    "health": {"status": "Degraded"},
                    "resources": [resource(health={"status": "Degraded", "message": "crashes"})],
                }
            ),
            "Degraded",
            "broken",
            "rollback",
            "Deployment web is Degraded: crashes",
        ),
        (
            app(
                {
                    "sync": {"status": "OutOfSync"},
                    "health": {"status": "Healthy"},
                    "resources": [resource(status="OutOfSync"), resource(status="OutOfSync", requiresPruning=True)],
                }
            ),
            "OutOfSync",
            "attention",
            "sync",
            "2 of 2 resources differ from Git, 1 of them would be deleted",
        ),
        (
            app(
                {"sync": {"status": "OutOfSync"}, "health": {"status": "Healthy"}},
                annotations={"argosy.dev/held-revision": "x"},
            ),
            "Held",
            "attention",
            "sync",
            "holds",
        ),
        (
            app({**SYNCED, "conditions": [{"type": "SharedResourceWarning", "message": "also in b"}]}),
            "SharedResourceWarning",
            "attention",
            "edit",
            "also in b",
        ),
    ],
)
def test_the_first_thing_that_a_person_should_know_is_said(
    given: dict[str, Any], reason: str, severity: str, action: str, words: str
) -> None:
    found = why(given)

    assert (found["reason"], found["severity"], found["action"]) == (reason, severity, action)
    assert words in found["message"]
