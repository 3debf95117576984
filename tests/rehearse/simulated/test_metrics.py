"""Measurements by the scenario, by simulated traffic, or assumed."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

from argosy.analysis.ports import Answer, Broken, Judged, Measure, Measured
from argosy.machinery.controller import Hidden
from argosy.rehearse.notes import Notes
from argosy.rehearse.scenario import MetricRule
from argosy.rehearse.simulated.metrics import SimulatedProviders, measured

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def question(metric: str = "errors", provider: str = "datadog", number: int = 0) -> Measure:
    run = Hidden(json.dumps({"namespace": "prod", "name": "shop-1"}))
    return Measure(
        uid="u", metric=metric, number=number, operation="run", asked_at=NOW, provider=provider, place="",
        spec=Hidden("{}"), run=run, credentials=Hidden("null"),
    )  # fmt: skip


def answers(
    rules: tuple[MetricRule, ...], *questions: Measure, traffic: Answer | None = None
) -> tuple[list[Answer], Notes]:
    notes = Notes(lambda: NOW)

    async def look(question: Measure) -> Answer | None:
        return traffic

    async def all_of() -> list[Answer]:
        providers = SimulatedProviders(rules, look, notes)
        return [await providers.measure(one) for one in questions]

    return asyncio.run(all_of()), notes


def test_values_come_in_turn_and_the_last_again() -> None:
    rules = (MetricRule(metric="err*", values=(1, 0.5)),)
    found, notes = answers(rules, *(question(number=number) for number in range(3)))
    assert [one.text for one in found if isinstance(one, Measured)] == ["1", "0.5", "0.5"]
    assert notes.found == []


def test_the_first_rule_that_matches_counts_and_a_result_needs_no_value() -> None:
    rules = (MetricRule(metric="latency", result="Inconclusive"), MetricRule(result="Error"))
    (judged, broken), _ = answers(rules, question("latency"), question("errors"))
    assert isinstance(judged, Judged)
    assert judged.phase == "Inconclusive"
    assert isinstance(broken, Broken)


def test_traffic_answers_for_prometheus_where_it_comes() -> None:
    served = Measured(value=None, text="[1]")
    found, notes = answers((), question(provider="prometheus"), question(provider="web"), traffic=served)
    assert found[0] is served
    assert isinstance(found[1], Judged)
    assert [one.text for one in notes.found] == ["metric errors (web) in prod is good: no rule says otherwise"]


def test_an_assumption_is_noted_once() -> None:
    found, notes = answers((), question(number=0), question(number=1))
    assert [one.phase for one in found if isinstance(one, Judged)] == ["Successful", "Successful"]
    assert len(notes.found) == 1


def test_values_have_the_shape_that_conditions_expect_of_their_provider() -> None:
    assert measured(0.5, "prometheus").text == "[0.5]"
    assert measured([1, 2], "prometheus").text == "[1,2]"
    assert measured({"ok": True}, "web").value == {"ok": True}
