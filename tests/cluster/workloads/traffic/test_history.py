"""Counters between a few moments are exact, and end where nothing is known."""

from __future__ import annotations

import pytest

from argosy.cluster.workloads.traffic.history import KEPT_MOMENTS, TrafficHistory
from argosy.cluster.workloads.traffic.series import labels_of
from argosy.machinery.promql import evaluate, parse

A, B = labels_of("requests", {"pod": "a"}), labels_of("requests", {"pod": "b"})
WEIGHT = labels_of("weight", {})


def history() -> TrafficHistory:
    """a: 10 a second from 100 on, 4 from 200 on; b: 6 from 200 on; nothing from 300 on."""
    found = TrafficHistory()
    found.change(100, {A: 10.0}, {WEIGHT: 100.0})
    found.change(200, {A: 4.0, B: 6.0}, {WEIGHT: 40.0})
    found.change(300, {}, {})
    return found


@pytest.mark.parametrize(
    ("key", "moment", "value"),
    [
        (A, 99, None),
        (A, 100, 0),
        (A, 150, 500),
        (A, 200, 1000),
        (A, 250, 1200),
        (A, 400, 1400),
        (B, 150, None),
        (B, 260, 360),
    ],
)
def test_a_counter_grows_evenly_between_changes(key: tuple[tuple[str, str], ...], moment: float, value: float) -> None:
    assert history().at(key, moment) == value


@pytest.mark.parametrize(
    ("query", "moment", "answer"),
    [
        ("sum(rate(requests[50s]))", 190, 10.0),
        ("sum(rate(requests[50s]))", 260, 10.0),
        ('sum(rate(requests{pod="b"}[100s]))', 250, 3.0),
        ("sum(rate(requests[50s]))", 360, 0.0),
        ("weight", 150, 100.0),
        ("weight", 250, 40.0),
        ("min_over_time(weight[100s])", 250, 40.0),
    ],
)
def test_queries_see_it_so(query: str, moment: float, answer: float) -> None:
    samples = evaluate(parse(query), history(), moment)
    assert isinstance(samples, list)
    (sample,) = samples
    assert sample.value == pytest.approx(answer)


def test_what_does_not_change_is_not_kept_again_and_what_is_old_is_forgotten() -> None:
    found = TrafficHistory()
    for second in range(3 * KEPT_MOMENTS):
        found.change(second, {A: float(second // 2)}, {})
    assert len(found._moments) <= KEPT_MOMENTS
    assert found.at(A, 3 * KEPT_MOMENTS) is not None
