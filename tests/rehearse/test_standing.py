"""What continues by itself, what waits for a person, and what went wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.rehearse.changes import Merge, Promote, Resume, Sync
from argosy.rehearse.standing import Finding, findings

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def obj(kind: str, name: str = "shop", *, annotations: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": "n",
        "annotations": annotations or {},
        "creationTimestamp": "2030-01-01T00:00:00Z",
    }
    return {"kind": kind, "metadata": metadata, **more}


def app(sync: str, health: str, *, automated: bool = False, **status: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"syncPolicy": {"automated": {}}} if automated else {}
    return obj("Application", spec=spec, status={"sync": {"status": sync}, "health": {"status": health}, **status})


def found(plural: str, one: dict[str, Any], **more: Any) -> list[Finding]:
    return findings({plural: [one], **more}, NOW)


@pytest.mark.parametrize(
    ("application", "state"),
    [
        (app("Synced", "Healthy"), None),
        (app("Synced", "Progressing"), "busy"),
        (app("Synced", "Degraded"), "failed"),
        (app("OutOfSync", "Healthy", automated=True), None),
        (app("OutOfSync", "Healthy"), "gate"),
        (app("Unknown", "Healthy", conditions=[{"type": "ComparisonError", "message": "x"}]), "failed"),
    ],
)
def test_an_application_is_well_under_way_waiting_or_broken(application: dict[str, Any], state: str | None) -> None:
    states = [one.state for one in found("applications", application)]
    assert states == ([state] if state else [])


def test_a_sync_by_hand_is_what_somebody_would_do() -> None:
    (one,) = found("applications", app("OutOfSync", "Healthy"))
    assert one.opens == Sync("n", "shop")


def rollout(phase: str, waiting: str = "") -> dict[str, Any]:
    annotations = {"argosy.dev/waiting": waiting} if waiting else {}
    return obj("Rollout", annotations=annotations, spec={}, status={"phase": phase})


def test_a_pause_with_an_end_continues_by_itself_and_one_without_waits_for_a_person() -> None:
    (ends,) = found("rollouts", rollout("Paused", "the pause of step 1/2, until 2030-01-01T13:00:00Z"))
    assert (ends.state, ends.until) == ("busy", NOW + timedelta(hours=1))
    (endless,) = found("rollouts", rollout("Paused", "a person to promote it: step 1/2 is a pause without end"))
    assert (endless.state, endless.opens) == ("gate", Resume("n", "shop"))
    (broken,) = found("rollouts", rollout("Degraded"))
    assert broken.state == "failed"
    assert found("rollouts", rollout("Healthy")) == []


def promotion(phase: str, *steps: dict[str, Any], **status: Any) -> dict[str, Any]:
    spec = {"stage": "dev", "freight": "f", "steps": list(steps)}
    return obj("Promotion", "p", spec=spec, status={"phase": phase, **status})


STAGE = obj("Stage", "dev", spec={"requestedFreight": []}, status={"currentPromotion": {"name": "p"}})
WAITS = {"uses": "git-wait-for-pr", "as": "wait", "config": {"repoURL": "https://h/a"}}


def test_a_promotion_that_waits_for_a_pull_request_waits_for_a_person() -> None:
    state = {"pr": {"pr": {"id": 3, "url": "https://h/a/pull/3"}}}
    (one,) = found("promotions", promotion("Running", WAITS, currentStep=0, state=state), stages=[STAGE])
    assert (one.state, one.opens) == ("gate", Merge("https://h/a", 3))


def test_a_promotion_is_under_way_until_it_has_ended_and_reported_when_it_failed() -> None:
    running = {"uses": "http", "as": "call", "config": {"url": "https://h/x"}}
    (one,) = found("promotions", promotion("Running", running), stages=[STAGE])
    assert one.state == "busy"
    (failed,) = found("promotions", promotion("Errored", running, message="no"), stages=[STAGE])
    assert (failed.state, failed.message) == ("failed", "Errored: no")
    assert found("promotions", promotion("Succeeded", running), stages=[STAGE]) == []


def test_new_freight_that_nobody_promotes_is_a_gate() -> None:
    origin = {"kind": "Warehouse", "name": "w"}
    stage = obj(
        "Stage", "prod", spec={"requestedFreight": [{"origin": origin, "sources": {"direct": True}}]}, status={}
    )
    piece = obj("Freight", "f" * 40, alias="brave-fox", origin=origin, status={})
    objects = {"stages": [stage], "freights": [piece]}
    (one,) = findings(objects, NOW, frozenset({"f" * 40}))
    assert (one.state, one.opens) == ("gate", Promote("n", "prod", "f" * 40))
    assert findings(objects, NOW) == [], "Freight of before waits as it did"


def test_analyses_certificates_and_sealed_secrets_are_looked_at_too() -> None:
    run = obj("AnalysisRun", spec={"metrics": [{"name": "errors"}]}, status={"phase": "Running"})
    assert [one.state for one in found("analysisruns", run)] == ["busy"]
    ready = [{"type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "no Secret"}]
    certificate = obj("Certificate", spec={}, status={"conditions": ready})
    assert [one.state for one in found("certificates", certificate)] == ["busy"]
    synced = [{"type": "Synced", "status": "False", "message": "no key could decrypt secret"}]
    sealed = obj("SealedSecret", spec={}, status={"conditions": synced})
    assert [one.state for one in found("sealedsecrets", sealed)] == ["failed"]
