"""SkyWalking: GraphQL over the last interval."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.conditions import evaluate_condition
from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, measure


def test_skywalking_is_asked_for_the_last_interval() -> None:
    reply = {"data": {"service_apdex": {"values": {"values": [{"value": 9900}]}}}}
    answer, asked = measure("skywalking", {"address": HERE, "query": "query x", "interval": "3m"}, reply)
    assert isinstance(answer, Measured)
    assert evaluate_condition(answer.value, "all(result.service_apdex.values.values, {asFloat(.value) >= 9900})")
    assert asked[0].path == "/graphql"
    assert asked[0].json["variables"]["duration"] == {
        "start": "2026-11-30 1157",
        "end": "2026-11-30 1200",
        "step": "MINUTE",
    }


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"errors": [{"message": "bad"}]}, "graphql: bad"),
        ({"data": None}, "no results returned from SkyWalking query"),
        (502, "graphql: server returned a non-200 status code: 502"),
    ],
)
def test_skywalking_reports_errors(reply: Any, message: str) -> None:
    answer, _ = measure("skywalking", {"address": HERE, "query": "q"}, reply)
    assert isinstance(answer, Broken)
    assert message in answer.message
