"""Wavefront: the point nearest to now."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, MOMENT, measure

NOW = int(MOMENT.timestamp())


def test_wavefront_takes_the_point_nearest_to_now() -> None:
    reply = {"timeseries": [{"data": [[NOW - 90, 1.0], [NOW - 10, 0.5]]}], "warnings": "w"}
    answer, asked = measure("wavefront", {"address": HERE, "query": "ts(x)"}, reply, credentials={HERE: "t"})
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == (0.5, "0.50")
    assert answer.metadata == {"timestamps": str(NOW - 10), "drift": "-10", "warnings": "w"}
    assert (asked[0].path, asked[0].headers["Authorization"]) == ("/api/v2/chart/api", "Bearer t")
    two = {"timeseries": [{"data": [[NOW, 1.0]]}, {"data": [[NOW, 2.0]]}]}
    answer, _ = measure("wavefront", {"address": HERE, "query": "ts(x)"}, two, credentials={HERE: "t"})
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == ([1.0, 2.0], "[1.00,2.00]")


@pytest.mark.parametrize(
    ("credentials", "reply", "message"),
    [
        (None, {}, 'secrets "wavefront-api-tokens" not found'),
        ({"other.example.com": "t"}, {}, "API token not found"),
        ({HERE: "t"}, {"timeseries": []}, "No TimeSeries found in response from Wavefront"),
        ({HERE: "t"}, 401, "server returned 401"),
    ],
)
def test_wavefront_reports_errors(credentials: Any, reply: Any, message: str) -> None:
    answer, _ = measure("wavefront", {"address": HERE, "query": "q"}, reply, credentials=credentials)
    assert isinstance(answer, Broken)
    assert message in answer.message
