"""Kayenta: a judgement that is begun and asked for again."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.ports import Broken, Judged
from tests.kit.metrics import HERE, measure

KAYENTA = {
    "address": HERE,
    "application": "app",
    "canaryConfigName": "cfg",
    "metricsAccountName": "m",
    "configurationAccountName": "c",
    "storageAccountName": "s",
    "threshold": {"pass": 90, "marginal": 70},
    "scopes": [
        {
            "name": "default",
            "controlScope": {"scope": "app-1", "region": "r", "step": 60},
            "experimentScope": {"scope": "app-2", "region": "r", "step": 60},
        }
    ],
}


def test_kayenta_begins_a_judgement_and_is_asked_again() -> None:
    config, begun = [{"id": "42", "name": "cfg"}], {"canaryExecutionId": "01X"}
    answer, asked = measure("kayenta", KAYENTA, config, begun, interval="10m")
    assert answer == Judged(phase="Running", metadata={"canaryExecutionId": "01X"}, resume_after=15.0)
    assert asked[1].path == "/canary/42"
    scope = asked[1].json["scopes"]["default"]
    assert (scope["controlScope"]["start"], scope["controlScope"]["end"]) == (
        "2026-11-30T11:50:00Z",
        "2026-11-30T12:00:00Z",
    )
    assert asked[1].json["thresholds"] == {"pass": 90, "marginal": 70}


@pytest.mark.parametrize(
    ("score", "phase"), [(95, "Successful"), (90, "Successful"), (80.9, "Inconclusive"), (69, "Failed")]
)
def test_kayenta_judges_by_the_thresholds(score: float, phase: str) -> None:
    reply = {"complete": True, "result": {"judgeResult": {"score": {"score": score}}}}
    measurement = {"metadata": {"canaryExecutionId": "01X"}}
    answer, asked = measure("kayenta", KAYENTA, reply, operation="resume", measurement=measurement)
    assert answer == Judged(phase=phase, text=str(int(score)))
    assert asked[0].path == "/canary/01X"


@pytest.mark.parametrize(
    ("operation", "replies", "message"),
    [
        ("run", [[]], "Canary config not found"),
        ("run", [500], "Invalid Response: HTTP 500"),
        ("run", [[{"id": "1", "name": "cfg"}], 400], "Invalid Response"),
        ("run", [[{"id": "1", "name": "cfg"}], {}], "Invalid canaryExecutionId"),
        ("resume", [{}], "Missing Complete Status"),
        ("resume", [{"complete": True}], "Missing Score"),
    ],
)
def test_kayenta_reports_errors(operation: str, replies: Any, message: str) -> None:
    answer, _ = measure("kayenta", KAYENTA, *replies, operation=operation)
    assert isinstance(answer, Broken)
    assert answer.message == message
