"""CloudWatch: a signed question, and Amazon's fields in the answer."""

from __future__ import annotations

import pytest

from argosy.analysis.conditions import evaluate_condition
from argosy.analysis.ports import Broken, Measured
from tests.kit.metrics import HERE, measure


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_DEFAULT_REGION", "eu-west-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(name, value)
    return {"AWS_ENDPOINT_URL_CLOUDWATCH": HERE}


def test_cloudwatch_is_asked_with_a_signature_and_answers_structs(amazon: dict[str, str]) -> None:
    stat = {
        "metric": {"namespace": "N", "metricName": "M", "dimensions": [{"name": "d", "value": "v"}]},
        "period": 60,
        "stat": "Sum",
        "unit": "Count",
    }
    spec = {
        "interval": "30m",
        "metricDataQueries": [{"id": "r", "expression": "e"}, {"id": "e", "metricStat": stat, "returnData": False}],
    }
    reply = {"MetricDataResults": [{"Id": "r", "Label": "L", "StatusCode": "Complete", "Values": [0.01, 0.02]}]}
    answer, asked = measure("cloudWatch", spec, reply, environment=amazon)
    assert isinstance(answer, Measured), answer
    assert answer.text == "[[0.01 0.02]]"
    assert evaluate_condition(answer.value, "all(result[0].Values, {# < 0.1}) and result[0].Id == 'r'")
    sent = asked[0].json
    assert sent["EndTime"] - sent["StartTime"] == 1800
    assert sent["MetricDataQueries"][1]["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "d", "Value": "v"}]
    assert asked[0].headers["X-Amz-Target"].endswith(".GetMetricData")
    assert "Credential=AKIDEXAMPLE" in asked[0].headers["Authorization"]
    assert "/eu-west-1/monitoring/aws4_request" in asked[0].headers["Authorization"]


def test_cloudwatch_reports_errors(amazon: dict[str, str]) -> None:
    answer, _ = measure("cloudWatch", {"metricDataQueries": []}, 400, environment=amazon)
    assert isinstance(answer, Broken)
    assert "GetMetricData" in answer.message
