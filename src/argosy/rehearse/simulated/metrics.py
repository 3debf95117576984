"""Simulated measurements: by the scenario, else from simulated traffic, else assumed to be good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import orjson

from argosy.analysis.phases import SUCCESSFUL
from argosy.analysis.ports import Answer, Broken, Judged, Measure, Measured
from argosy.expr.exprlang.encoding import encoded, numbered
from argosy.expr.exprlang.values import float_text, floats
from argosy.rehearse.notes import Notes
from argosy.rehearse.scenario import MetricRule

LISTS: Final = frozenset({"prometheus", "influxdb", "graphite"})
"""Providers whose results are lists of numbers that conditions index."""
Traffic = Callable[[Measure], Awaitable[Answer | None]]
"""Answers a query from simulated traffic; None if there is none."""


class SimulatedProviders:
    def __init__(self, rules: Sequence[MetricRule], traffic: Traffic, notes: Notes) -> None:
        self._rules, self._traffic, self._notes = rules, traffic, notes
        self._taken: Counter[tuple[str, str]] = Counter()

    async def measure(self, question: Measure) -> Answer:
        run = orjson.loads(question.run.value)
        namespace, name = str(run.get("namespace") or ""), str(run.get("name") or "")
        rule = next(
            (one for one in self._rules if one.matches(question.provider, question.metric, namespace, name)), None
        )
        if rule is not None:
            return self._by_rule(rule, question)
        if question.provider == "prometheus" and (found := await self._traffic(question)) is not None:
            return found
        self._notes.add(
            "assumed", f"metric {question.metric} ({question.provider}) in {namespace} is good: no rule says otherwise"
        )
        return Judged(phase=SUCCESSFUL, message="assumed by the rehearsal")

    def _by_rule(self, rule: MetricRule, question: Measure) -> Answer:
        if rule.result == "Error":
            return Broken(message="by the scenario")
        if rule.result:
            return Judged(phase=rule.result, message="by the scenario")
        key = question.uid, question.metric
        value = rule.values[min(self._taken[key], len(rule.values) - 1)]
        self._taken[key] += 1
        return measured(value, question.provider)


def measured(value: Any, provider: str) -> Measured:
    if provider in LISTS:
        numbers = [float(one) for one in (value if isinstance(value, list) else [value])]
        text = ",".join(float_text(one, low=-400, high=400) for one in numbers)
        return Measured(value=floats(numbers), text=f"[{text}]")
    found = numbered(value)
    return Measured(value=found, text=encoded(found))
