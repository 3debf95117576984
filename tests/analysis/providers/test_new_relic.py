"""New Relic: rows of an NRQL query."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, measure

NEW_RELIC = {"personal-api-key": "k", "account-id": "7", "base-url-nerdgraph": f"{HERE}/graphql"}


def nrql(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"actor": {"account": {"nrql": {"results": list(rows)}}}}}


def test_new_relic_answers_a_map_for_one_row_and_a_list_for_several() -> None:
    answer, asked = measure("newRelic", {"query": "FROM x"}, nrql({"count": 3}), credentials=NEW_RELIC)
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == ({"count": 3.0}, '{"count":3}')
    assert asked[0].json["variables"] == {"accountId": 7, "query": "FROM x", "timeout": 5}
    assert asked[0].headers["Api-Key"] == "k"
    answer, _ = measure("newRelic", {"query": "q"}, nrql({"a": 1}, {"a": 2}), credentials=NEW_RELIC)
    assert isinstance(answer, Measured)
    assert answer.value == [{"a": 1.0}, {"a": 2.0}]


@pytest.mark.parametrize(
    ("spec", "credentials", "reply", "message"),
    [
        ({}, None, {}, 'secrets "newrelic" not found'),
        ({}, {"account-id": "7"}, {}, "account ID or personal API key not found"),
        ({}, {**NEW_RELIC, "account-id": "x"}, {}, "could not parse account ID"),
        ({"timeout": -1}, NEW_RELIC, {}, "timeout value needs to be a positive value"),
        ({}, NEW_RELIC, nrql(), "no results returned from NRQL query"),
        ({}, NEW_RELIC, {"errors": [{"message": "bad nrql"}]}, "bad nrql"),
        ({}, NEW_RELIC, 500, "500 response returned"),
    ],
)
def test_new_relic_reports_errors(spec: Any, credentials: Any, reply: Any, message: str) -> None:
    answer, _ = measure("newRelic", spec, reply, credentials=credentials)
    assert isinstance(answer, Broken)
    assert message in answer.message
