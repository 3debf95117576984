"""The AnalysisRun that verifies Freight: what does not fit together has Kargo's words."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.promotion.stages.analysis import AnalysisError, run_spec


@pytest.mark.parametrize(
    ("specs", "told"),
    [
        (
            [{"metrics": [{"name": "m"}]}, {"metrics": [{"name": "m"}]}],
            'flatten templates: flatten metrics: duplicate metric name: "m"',
        ),
        (
            [{"dryRun": [{"metricName": "m"}]}] * 2,
            'flatten templates: flatten dry-run metrics: validate dry-run metrics: duplicate dry-run metric name: "m"',
        ),
        (
            [{"args": [{"name": "a", "value": "1"}]}, {"args": [{"name": "a", "value": "2"}]}],
            'flatten templates: flatten arguments: conflicting values for argument "a": "1" and "2"',
        ),
        (
            [{"args": [{"name": "a"}]}],
            (
                "build arguments: merge arguments: validate merged arguments: "
                'unresolved argument "a": neither Value nor ValueFrom is set'
            ),
        ),
    ],
)
def test_templates_that_do_not_fit_together_are_refused(specs: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(AnalysisError) as raised:
        run_spec(specs, [])
    assert str(raised.value) == told


def test_an_argument_keeps_its_source_next_to_a_later_value() -> None:
    source = {"secretKeyRef": {"name": "s", "key": "k"}}
    specs: list[JsonObject] = [{"args": [{"name": "a", "valueFrom": source}]}, {"args": [{"name": "a", "value": "1"}]}]
    assert run_spec(specs, [])["args"] == [{"name": "a", "valueFrom": source, "value": "1"}]
