"""Plug-ins: the contract of docs/analysis.md."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.analysis.ports import Broken, Judged
from tests.kit.metrics import HERE, measure


def test_a_plug_in_gets_the_metric_and_answers_a_measurement() -> None:
    reply = {"phase": "Running", "value": "7", "metadata": {"id": "x"}, "resumeAfterSeconds": 30}
    answer, asked = measure("plugin", {"acme/sample": {"x": 1}}, reply, credentials={"acme/sample": f"{HERE}/p"})
    assert answer == Judged(phase="Running", text="7", metadata={"id": "x"}, resume_after=30.0)
    sent = asked[0].json
    assert (sent["operation"], sent["config"], sent["run"]["name"]) == ("run", {"x": 1}, "run")
    assert sent["metric"]["name"] == "m"


@pytest.mark.parametrize(
    ("plugins", "reply", "message"),
    [
        ({}, {}, "plugin acme/sample not configured"),
        ({"acme/sample": HERE}, 500, "plugin acme/sample: answered 500"),
        ({"acme/sample": HERE}, {"phase": "Great"}, "phase 'Great' is none of"),
    ],
)
def test_a_plug_in_that_does_not_keep_the_contract_is_an_error(plugins: Any, reply: Any, message: str) -> None:
    answer, _ = measure("plugin", {"acme/sample": {}}, reply, credentials=plugins)
    assert isinstance(answer, Broken)
    assert message in answer.message


@pytest.mark.parametrize("provider", ["", "unknown"])
def test_a_provider_that_there_is_not_is_an_error(provider: str) -> None:
    answer, _ = measure(provider, {})
    assert answer == Broken(message="no valid provider in metric 'm'")
