"""InfluxDB: annotated CSV."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, measure

INFLUX = {"authToken": "t", "org": "o", "address": HERE}


CSV = (
    "#datatype,string,long,double\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n"
    ",,0,0.5\r\n,,0,0.25\r\n\r\n"
    "#datatype,string,long,long\r\n#group,false,false,false\r\n#default,_result,,\r\n,result,table,_value\r\n,,1,7\r\n"
)


def test_influxdb_gives_the_values_of_all_records_with_their_types() -> None:
    answer, asked = measure("influxdb", {"query": "from(bucket)"}, CSV, credentials=INFLUX)
    assert isinstance(answer, Measured)
    assert (answer.value, answer.text) == ([0.5, 0.25, 7], "[0.5 0.25 7]")
    assert (asked[0].path, asked[0].query) == ("/api/v2/query", {"org": "o"})
    assert asked[0].headers["Authorization"] == "Token t"
    assert asked[0].json["query"] == "from(bucket)"


@pytest.mark.parametrize(
    ("credentials", "reply", "message"),
    [
        (None, "", 'secrets "influxdb" not found'),
        ({"org": "o"}, "", "authToken, org, or address not found"),
        (INFLUX, "\r\n", "no results returned from flux query"),
        (INFLUX, "error,reference\r\nfailed to plan,897\r\n", "failed to plan"),
        (INFLUX, 401, "401"),
    ],
)
def test_influxdb_reports_errors(credentials: Any, reply: Any, message: str) -> None:
    answer, _ = measure("influxdb", {"query": "q"}, reply, credentials=credentials)
    assert isinstance(answer, Broken)
    assert message in answer.message
