"""Accidents of a recording are recognised by requests and answers, and by no scenario's name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vectors.argocd_accidents import CARRIED_OUT, HEALED, LEAKS, STALE, VERSION, Accidents

GIVEN = {"given": {"git": {"demo": [{"commit": 1, "tags": ["v1"]}, {"commit": 2}]}}}
ATTEMPT: Any = {"status": {"operationState": {"operation": {"sync": {"autoHealAttemptsCount": 1}}}}}
OPERATION = "body/status/operationState/operation/sync/autoHealAttemptsCount: missing, want 1"


def step(path: str, status: int = 200, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"request": {"method": "GET", "path": path}, "response": {"status": status, "body": body}, **more}


@pytest.mark.parametrize(
    ("asked", "status", "body", "fault", "why"),
    [
        (step("/api/v1/applicationsets/x", 404), 403, {}, "status 403, want 404: {}", LEAKS),
        (step("/api/v1/applicationsets/x", 200), 403, {}, "status 403, want 200: {}", ""),
        (step("/api/v1/applications/x", 404), 403, {}, "status 403, want 404: {}", ""),
        (step("/api/version"), 200, {}, "body/Version: 'v1', want 'v2'", VERSION),
        (step("/api/version"), 200, {}, "body/Other: not expected 1", ""),
        (step("/api/v1/applications/x", body=ATTEMPT), 200, {}, OPERATION, HEALED),
        (step("/api/v1/applications/x", body=ATTEMPT), 200, {}, "body/status/sync/status: 'a', want 'b'", ""),
        (step("/api/v1/applications/x", body=ATTEMPT), 200, ATTEMPT, OPERATION, ""),
        (step("/a/revisions/abc/metadata"), 200, {"tags": ["v1"]}, 'body/tags: not expected ["v1"]', STALE),
        (step("/a/revisions/abc/metadata"), 200, {"tags": ["v7"]}, 'body/tags: not expected ["v7"]', ""),
    ],
)
def test_a_rule_excuses_what_it_is_about_and_nothing_else(
    asked: dict[str, Any], status: int, body: Any, fault: str, why: str
) -> None:
    assert Accidents(GIVEN).why(asked, status, body, [fault]) == why


def test_a_heal_that_somebody_caused_is_no_accident() -> None:
    accidents = Accidents(GIVEN)
    accidents.note({"kube": {"method": "PATCH"}})
    assert accidents.why(step("/api/v1/applications/x", body=ATTEMPT), 200, {}, [OPERATION]) == ""


def test_what_a_write_brought_that_upstream_refused_for_a_quirk_may_be_seen_later() -> None:
    accidents = Accidents(GIVEN)
    write = step("/api/v1/repocreds/x", 404, quirk="not unescaped")
    write["request"]["body"] = {"username": "w"}
    later, fault = step("/api/v1/repositories/y"), "body/username: 'w', want 'v'"
    assert accidents.why(later, 200, {}, [fault]) == ""
    accidents.note(write, 404)
    assert accidents.why(later, 200, {}, [fault]) == ""
    accidents.note(write, 200)
    assert accidents.why(later, 200, {}, [fault]) == CARRIED_OUT
    assert accidents.why(later, 200, {}, [fault, "body/type: 'git', want 'helm'"]) == ""
