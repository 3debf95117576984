"""Analysis templates that are joined: what counts, and what does not fit together."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.rollouts.templates import TemplateError, TemplateMissing, gathered, run_spec

Json = dict[str, Any]


def template(**spec: Any) -> Json:
    return {"spec": spec}


def arg(name: str, **value: Any) -> Json:
    return {"name": name, **value}


def test_templates_that_name_one_another_are_each_taken_once() -> None:
    known = {
        ("a", False): template(templates=[{"templateName": "b", "clusterScope": True}]),
        ("b", True): template(templates=[{"templateName": "a"}, {"templateName": "b", "clusterScope": True}]),
    }
    plain, wide = gathered([{"templateName": "a"}], lambda name, cluster: known.get((name, cluster)))
    assert (plain, wide) == ([known["a", False]], [known["b", True]])


@pytest.mark.parametrize(("wide", "kind"), [(False, "AnalysisTemplate"), (True, "ClusterAnalysisTemplate")])
def test_a_template_that_is_not_there_is_named_with_its_kind(wide: bool, kind: str) -> None:
    with pytest.raises(TemplateMissing, match=f"^{kind} 'x' not found$"):
        gathered([{"templateName": "x", "clusterScope": wide}], lambda name, cluster: None)


def test_values_that_come_in_win_and_those_that_no_template_has_are_dropped() -> None:
    found = run_spec([template(args=[arg("a", value="1"), arg("b")])], (), [arg("b", value="2"), arg("c", value="3")])
    assert found["args"] == [arg("a", value="1"), arg("b", value="2")]


def test_a_value_wins_over_none_in_whichever_template_it_is() -> None:
    one, other = template(args=[arg("a")]), template(args=[arg("a", value="1")])
    for templates in ([one, other], [other, one]):
        assert run_spec(templates, (), ())["args"] == [arg("a", value="1")]


@pytest.mark.parametrize(
    ("specs", "told"),
    [
        ([{"metrics": [{"name": "m"}]}, {"metrics": [{"name": "m"}]}], "two metrics have the same name 'm'"),
        ([{"dryRun": [{"metricName": "m"}]}] * 2, "two Dry-Run metric rules have the same name 'm'"),
        (
            [{"measurementRetention": [{"metricName": "m"}]}] * 2,
            "two Measurement Retention metric rules have the same name 'm'",
        ),
        (
            [{"args": [arg("a", value="1")]}, {"args": [arg("a", value="2")]}],
            "Argument `a` specified multiple times with different values: '1', '2'",
        ),
        ([{"args": [arg("a")]}], "args.a was not resolved"),
    ],
)
def test_what_does_not_fit_together_is_reported_in_upstreams_words(specs: list[Json], told: str) -> None:
    with pytest.raises(TemplateError) as raised:
        run_spec([{"spec": spec} for spec in specs], (), ())
    assert str(raised.value) == told
