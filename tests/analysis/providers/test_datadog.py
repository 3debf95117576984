"""Datadog: series of v1 and scalars of v2, with and without groups."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.conditions import evaluate_condition
from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, MOMENT, measure

NOW = int(MOMENT.timestamp())
DATADOG = {"api-key": "k", "app-key": "a", "address": HERE}


def columns(*given: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"attributes": {"columns": list(given)}}}


def test_datadog_v1_asks_for_the_interval_and_takes_the_last_point() -> None:
    answer, asked = measure(
        "datadog",
        {"query": "avg:x{*}", "interval": "10m"},
        {"series": [{"pointlist": [[1, 0.5], [2, 0.25]]}]},
        credentials=DATADOG,
    )
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == (0.25, "0.25")
    assert asked[0].path == "/api/v1/query"
    assert asked[0].query == {"query": "avg:x{*}", "from": str(NOW - 600), "to": str(NOW)}
    assert (asked[0].headers["DD-API-KEY"], asked[0].headers["DD-APPLICATION-KEY"]) == ("k", "a")


@pytest.mark.parametrize(("reply", "text"), [({"series": []}, "[]"), ({"series": [{"pointlist": []}]}, None)])
def test_datadog_v1_without_data_is_nil(reply: Any, text: str | None) -> None:
    answer, _ = measure("datadog", {"query": "q"}, reply, credentials=DATADOG)
    assert isinstance(answer, Measured)
    assert answer.value is None
    assert text is None or answer.text == text


def test_datadog_v2_sends_queries_and_a_formula() -> None:
    spec = {"apiVersion": "v2", "queries": {"b": "q2", "a": "q1"}, "formula": "a/b", "interval": "5m"}
    reply = columns({"name": "a/b", "type": "number", "values": [0.5]})
    answer, asked = measure("datadog", spec, reply, credentials=DATADOG)
    assert isinstance(answer, Measured)
    assert answer.value == 0.5
    attributes = asked[0].json["data"]["attributes"]
    assert [one["name"] for one in attributes["queries"]] == ["a", "b"]
    assert attributes["formulas"] == [{"formula": "a/b"}]
    assert attributes["to"] - attributes["from"] == 300_000


def test_datadog_v2_grouped_by_tags_is_a_list_with_the_groups_next_to_it() -> None:
    reply = columns(
        {"name": "region", "type": "group", "values": [["us"], ["eu"], ["ap"]]},
        {"name": "q", "type": "number", "values": [1, None, 0.5]},
    )
    answer, _ = measure("datadog", {"apiVersion": "v2", "query": "q by {region}"}, reply, credentials=DATADOG)
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == ([1.0, 0.5], "[1,0.5]")
    assert answer.metadata == {"groups": '[{"name":"us","value":1},{"name":"ap","value":0.5}]'}
    assert evaluate_condition(answer.value, "all(result, # < 2) and max(result) == 1")


def test_datadog_shows_no_more_than_a_hundred_groups() -> None:
    values = [[str(number)] for number in range(300)]
    reply = columns(
        {"name": "host", "type": "group", "values": values},
        {"name": "q", "type": "number", "values": list(range(300))},
    )
    answer, _ = measure("datadog", {"apiVersion": "v2", "query": "q"}, reply, credentials=DATADOG)
    assert isinstance(answer, Measured)
    assert len(answer.value) == 300  # type: ignore[arg-type]
    assert answer.metadata["groups"].count("name") == 100
    assert answer.metadata["groups_truncated"] == "true"


@pytest.mark.parametrize(
    ("spec", "credentials", "reply", "message"),
    [
        ({"query": "q"}, None, {}, "failed to find the credentials for datadog metrics provider"),
        ({"secretRef": {"namespaced": True}}, None, {}, "secret name is required for namespaced credentials"),
        ({}, DATADOG, {}, "Must have either a query or queries."),
        ({"apiVersion": "v2", "query": "q", "queries": {"a": "q"}}, DATADOG, {}, "Cannot have both a query"),
        ({"apiVersion": "v2", "queries": {"a": "q", "b": "q"}}, DATADOG, {}, "you must include a formula."),
        ({"query": "q", "aggregator": "sum"}, DATADOG, {}, "Aggregator is not supported in v1."),
        ({"apiVersion": "v2", "query": "q", "formula": "f"}, DATADOG, {}, "Formula are only valid when queries"),
        ({"query": "q"}, DATADOG, 403, "received authentication error response code: 403"),
        ({"query": "q"}, DATADOG, 500, "received non 2xx response code: 500"),
        ({"query": "q"}, DATADOG, "<html>", "Could not parse JSON body"),
        ({"apiVersion": "v2", "query": "q"}, DATADOG, {"data": {"errors": "bad"}}, "errors in your query: bad"),
        (
            {"apiVersion": "v2", "query": "q"},
            DATADOG,
            columns({"name": "q", "type": "number", "values": ["x"]}),
            "could not parse numeric value",
        ),
    ],
)
def test_datadog_reports_errors(spec: Any, credentials: Any, reply: Any, message: str) -> None:
    answer, _ = measure("datadog", spec, reply, credentials=credentials)
    assert isinstance(answer, Broken)
    assert message in answer.message
