"""Graphite: points of the first series."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, measure


def test_graphite_gives_the_points_of_the_first_series_that_have_a_value() -> None:
    query = "target=sum(a.b,\n c)&from=-5min"
    reply = [{"datapoints": [[0.5, 1], [None, 2], ["1.5", 3]]}, {"datapoints": [[9, 1]]}]
    answer, asked = measure("graphite", {"address": HERE, "query": query}, reply)
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == ([0.5, 1.5], "[0.500000,1.500000]")
    assert asked[0].query == {"target": "sum(a.b,c)", "from": "-5min", "format": "json"}


@pytest.mark.parametrize(
    ("spec", "reply", "message"),
    [
        ({"address": ""}, [], "Graphite address  is not a valid URL"),
        ({"address": HERE}, [], "no values found"),
        ({"address": HERE}, 500, "error response"),
        ({"address": HERE}, [{"datapoints": [["x", 1]]}], "error unmarshaling value: x"),
        ({"address": HERE}, [{"datapoints": [[1]]}], "error unmarshaling data point"),
    ],
)
def test_graphite_reports_errors(spec: Any, reply: Any, message: str) -> None:
    answer, _ = measure("graphite", {"query": "target=x", **spec}, reply)
    assert isinstance(answer, Broken)
    assert message in answer.message
