"""Metrics: what is counted is printed as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from argosy.observe.metrics import Registry


def test_the_text_form_is_that_of_prometheus() -> None:
    registry = Registry()
    registry.counter("looks_total", "Looks\nby result.", ("result",)).add(result='o"k\\')
    registry.gauge("depth", "Depth.").set(2.5)
    seconds = registry.histogram("seconds", "Time.", (), (0.1, 1.0))
    for number in (0.05, 0.1, 0.5, 7.0):
        seconds.observe(number)
    assert registry.text() == (
        "# HELP depth Depth.\n# TYPE depth gauge\ndepth 2.5\n"
        "# HELP looks_total Looks\\nby result.\n# TYPE looks_total counter\n"
        'looks_total{result="o\\"k\\\\"} 1\n'
        "# HELP seconds Time.\n# TYPE seconds histogram\n"
        'seconds_bucket{le="0.1"} 2\nseconds_bucket{le="1"} 3\nseconds_bucket{le="+Inf"} 4\n'
        "seconds_sum 7.65\nseconds_count 4\n"
    )


def test_a_metric_is_one_however_often_it_is_asked_for() -> None:
    registry = Registry()
    registry.counter("a_total", "A.").add()
    registry.counter("a_total", "A.").add(2)
    assert registry.counter("a_total", "A.").value() == 3


def test_a_name_cannot_mean_two_things() -> None:
    registry = Registry()
    registry.counter("a_total", "A.")
    with pytest.raises(ValueError, match="is a counter"):
        registry.gauge("a_total", "A.")
    with pytest.raises(ValueError, match="has labels"):
        registry.counter("b_total", "B.", ("kind",)).add(sort="x")


def test_a_counter_never_decreases() -> None:
    with pytest.raises(ValueError, match="use a gauge"):
        Registry().counter("a_total", "A.").add(-1)


def test_a_watched_gauge_is_read_at_each_scrape_and_can_be_infinite() -> None:
    registry, numbers = Registry(), iter([1.0, float("inf"), float("-inf"), float("nan")])
    registry.gauge("now", "Now.").watch(lambda: next(numbers))
    printed = [registry.text().splitlines()[-1] for _ in range(4)]
    assert printed == ["now 1", "now +Inf", "now -Inf", "now NaN"]


def test_what_is_collected_is_read_at_each_scrape() -> None:
    registry = Registry()
    samples = [(("a",), 1.0)]
    registry.collected("things", "Things.", ("name",), lambda: samples)
    first = registry.text()
    samples = [(("b",), 2.0)]

    assert 'things{name="a"} 1' in first
    assert "# TYPE things gauge" in first
    assert registry.text().splitlines()[-1] == 'things{name="b"} 2'


def test_pieces_are_the_text() -> None:
    registry = Registry()
    registry.collected("things", "Things.", ("name",), lambda: [((f"n{number}",), 1.0) for number in range(9000)])
    pieces = list(registry.pieces())

    assert len(pieces) > 2
    assert "".join(pieces) == registry.text()
    assert all(len(piece) < 2 * 64 * 1024 and piece.endswith("\n") for piece in pieces)


def test_one_series_too_many_is_counted_as_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argosy.observe.metrics.MOST_SERIES", 2)
    counter = Registry().counter("c", "C.", ("name",))
    for name in "abcda":
        counter.add(name=name)

    assert list(counter.lines()) == ['c{name="a"} 2', 'c{name="b"} 1', 'c{name="other"} 2']


def test_labels_that_were_checked_before_count_as_those_that_are_named_each_time() -> None:
    registry = Registry()
    looks, seconds = registry.counter("looks", "Looks.", ("room",)), registry.histogram("took", "Time.", ("room",))
    add, observe = looks.adding(room="certs"), seconds.observing(room="certs")
    looks.add(room="certs")
    add()
    observe(0.5)
    seconds.observe(0.5, room="certs")
    assert (looks.value(room="certs"), seconds.count(room="certs")) == (2.0, 2)
    looks.forget(lambda labels: False)
    add()
    assert looks.value(room="certs") == 1.0
    with pytest.raises(ValueError, match="has labels"):
        looks.adding(house="certs")


def test_series_of_what_is_gone_are_forgotten() -> None:
    counter = Registry().counter("c", "C.", ("name",))
    counter.add(name="a")
    counter.add(name="b")
    counter.forget(lambda labels: labels["name"] != "a")

    assert list(counter.lines()) == ['c{name="b"} 1']


def test_a_metric_that_cannot_be_read_costs_itself_alone() -> None:
    def broken() -> Iterator[tuple[tuple[str, ...], float]]:
        held: Any = 3  # where a list belongs
        for number in held:
            yield (), number

    registry = Registry()
    registry.collected("a_broken", "h", (), broken)
    registry.counter("b_good", "h").add()
    assert "b_good 1" in registry.text()


def test_a_summary_shows_quantiles_sum_and_count() -> None:
    registry = Registry()
    registry.summary("took", "Time.", ("host",), lambda: [(("a",), [(0.5, 1.5), (0.99, 2)], 7.0, 4)])

    assert registry.text().splitlines()[1:] == [
        "# TYPE took summary",
        'took{host="a",quantile="0.5"} 1.5',
        'took{host="a",quantile="0.99"} 2',
        'took_sum{host="a"} 7',
        'took_count{host="a"} 4',
    ]
