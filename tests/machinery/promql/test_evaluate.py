"""Queries over a few series whose values are known at every moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import ClassVar

import pytest

from argosy.machinery.promql import PromqlError, evaluate, parse
from argosy.machinery.promql.evaluate import Labels


def labels(name: str, **more: str) -> Labels:
    return tuple(sorted({"__name__": name, **more}.items()))


class Counters:
    """Each grows by its rate from moment 0 on."""

    rates: ClassVar[dict[Labels, float]] = {
        labels("requests", pod="a", code="200"): 8.0,
        labels("requests", pod="a", code="500"): 2.0,
        labels("requests", pod="b", code="200"): 10.0,
        labels("latency_bucket", le="0.1"): 5.0,
        labels("latency_bucket", le="0.5"): 9.0,
        labels("latency_bucket", le="+Inf"): 10.0,
        labels("limit", pod="a"): 0.0,
    }

    def series(self, name: str) -> Iterable[Labels]:
        return [one for one in self.rates if not name or dict(one)["__name__"] == name]

    def at(self, one: Labels, moment: float) -> float | None:
        return self.rates[one] * moment if moment >= 0 else None

    def extremes(self, one: Labels, start: float, end: float) -> Sequence[float]:
        return [self.rates[one] * max(start, 0.0), self.rates[one] * end]


def asked(query: str) -> object:
    found = evaluate(parse(query), Counters(), 600.0)
    if isinstance(found, list):
        return {tuple(value for _, value in sample.labels): round(sample.value, 6) for sample in found}
    return found


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("1 + 2 * 3 ^ 2", 19.0),
        ("-(2 - 5)", 3.0),
        ("5 % 3", 2.0),
        ("1 > bool 2", 0.0),
        ('requests{pod="b"}', {("requests", "200", "b"): 6000.0}),
        ('requests{pod="b"} offset 1m', {("requests", "200", "b"): 5400.0}),
        ('rate(requests{code="500"}[5m])', {("500", "a"): 2.0}),
        ("increase(requests{pod='b'}[1m30s])", {("200", "b"): 900.0}),
        ("sum(rate(requests[5m]))", {(): 20.0}),
        ("sum by (pod) (rate(requests[5m]))", {("a",): 10.0, ("b",): 10.0}),
        ("sum(rate(requests[5m])) by (code)", {("200",): 18.0, ("500",): 2.0}),
        ("sum without (pod) (rate(requests[5m]))", {("200",): 18.0, ("500",): 2.0}),
        ("count(requests)", {(): 3.0}),
        ("max(rate(requests[1m]))", {(): 10.0}),
        ("topk(1, rate(requests[1m]))", {("200", "b"): 10.0}),
        ('sum(rate(requests{code=~"5.."}[5m])) / sum(rate(requests[5m]))', {(): 0.1}),
        ('sum(rate(requests{code!~"5.*"}[5m])) / sum(rate(requests[5m])) >= 0.9', {(): 0.9}),
        ("sum(rate(requests[5m])) > 100", {}),
        ("sum(rate(requests[5m])) > bool 100", {(): 0.0}),
        ("histogram_quantile(0.5, rate(latency_bucket[5m]))", {(): 0.1}),
        ("histogram_quantile(0.7, sum by (le) (rate(latency_bucket[5m])))", {(): 0.3}),
        ("histogram_quantile(0.99, rate(latency_bucket[5m]))", {(): 0.5}),
        ("scalar(sum(rate(requests[5m]))) * 2", 40.0),
        ("sum(nothing) or vector(0)", {(): 0.0}),
        ("absent(nothing)", {(): 1.0}),
        ("round(rate(requests{pod='a',code='200'}[5m]) / 3)", {("200", "a"): 3.0}),
        ("sum by (pod) (rate(requests[5m])) and on (pod) limit", {("a",): 10.0}),
        ("sum by (pod) (rate(requests[5m])) unless on (pod) limit", {("b",): 10.0}),
        (
            "rate(requests{pod='a'}[5m]) / ignoring (code) group_left sum by (pod) (rate(requests[5m]))",
            {("200", "a"): 0.8, ("500", "a"): 0.2},
        ),
        ("clamp_max(rate(requests{pod='b'}[1m]), 4)", {("200", "b"): 4.0}),
        ('{__name__="limit"}', {("limit", "a"): 0.0}),
        ("sum(rate(requests[5m])) # a comment", {(): 20.0}),
    ],
)
def test_a_query_gives(query: str, answer: object) -> None:
    assert asked(query) == answer


def test_what_divides_by_nothing_is_not_a_number() -> None:
    samples = evaluate(parse("sum(limit) / sum(limit)"), Counters(), 600.0)
    assert isinstance(samples, list)
    (sample,) = samples
    assert math.isnan(sample.value)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "unexpected 'end of input'"),
        ("sum(", "unexpected"),
        ("requests[5x]", "unexpected|duration"),
        ("requests[5m]", "range vector"),
        ("rate(requests)", "wants a range vector"),
        ("nope(requests)", "unknown function"),
        ("requests{pod=~'('}", "error parsing regexp"),
        ("requests / requests{pod='a'}", "^$"),
        ("1 > 2", "bool modifier"),
        ("requests{pod=1}", "a matcher"),
        ("sum(requests)[5m]", "only allowed for vector selectors"),
        ("rate(requests[5m]) / on (code) rate(requests[5m])", "duplicate series"),
        ("(" * 70 + "1" + ")" * 70, "nested deeper"),
        ("-" * 5000 + "1", "nested deeper"),
        ("2" + "^2" * 3000, "nested deeper"),
        ("1" + "+1" * 3000, "more than 150 operators in a row"),
        ("$", "unexpected character"),
    ],
)
def test_a_query_that_makes_no_sense_says_why(query: str, said: str) -> None:
    if said == "^$":
        assert asked(query)
        return
    with pytest.raises(PromqlError, match=said):
        asked(query)
