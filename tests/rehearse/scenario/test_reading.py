"""What a scenario file may contain, and the errors for anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from argosy.rehearse.changes import Merge, NewImage, Promote, Push, Resume, Sync
from argosy.rehearse.scenario import Scenario, ScenarioError, scenario_of, simulation

WHOLE = """
start: 2030-01-01T00:00:00Z
within: 2d
gates: open
registries:
- repository: registry.example/shop
  tags: [1.0.0, {tag: 1.1.0, digest: "sha256:ab", createdAt: 2029-12-31T00:00:00Z, annotations: {a: b}}]
metrics:
- {match: {provider: prometheus, metric: err*}, values: [1, 0.5]}
- {result: Failed}
rules:
- {match: {image: "*"}, effect: {neverReady: true}}
events:
- {at: 2h, resume: {namespace: prod, rollout: shop, full: true}}
- {at: 30m, push: {repository: "https://git.example.com/a", branch: main, revision: v2}}
- {at: 1h, promote: {project: shop, stage: prod}}
- {at: 90, image: {repository: registry.example/shop, tag: 1.2.0}}
- {at: 3h, sync: {application: shop}}
- {at: 4h, merge: {repository: "https://git.example.com/a", number: 1}}
"""


def test_a_scenario_has_metrics_registries_rules_and_events_in_order_of_time() -> None:
    found = scenario_of(WHOLE)
    assert found.start == datetime(2030, 1, 1, tzinfo=UTC)
    assert (found.within, found.opens_gates) == (timedelta(days=2), True)
    annotated = NewImage("registry.example/shop", "1.1.0", "sha256:ab", "2029-12-31T00:00:00Z", (("a", "b"),))
    assert found.images == (NewImage("registry.example/shop", "1.0.0"), annotated)
    assert [(one.values, one.result) for one in found.metrics] == [((1, 0.5), ""), ((), "Failed")]
    assert found.metrics[0].matches("prometheus", "errors", "any", "run")
    assert not found.metrics[0].matches("web", "errors", "any", "run")
    assert [event.change for event in found.events] == [
        NewImage("registry.example/shop", "1.2.0"),
        Push("https://git.example.com/a", "main", "v2"),
        Promote("shop", "prod"),
        Resume("prod", "shop", full=True),
        Sync("argocd", "shop"),
        Merge("https://git.example.com/a", 1),
    ]
    (rules,) = simulation(found.rules)
    assert rules["metadata"]["labels"] == {"argosy.dev/simulation-rules": "true"}


def test_an_empty_scenario_is_one_where_nothing_is_special() -> None:
    assert scenario_of("") == Scenario()
    assert simulation(()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "the scenario: [] is not a mapping of fields"),
        ("{", "the scenario cannot be read"),
        ("metric: []", "metric: is not a field here; there are: start, within"),
        ("within: soon", "within: 'soon' is not a duration: give one such as 90s, 1h30m or 7d"),
        ("start: yesterday", "start: 'yesterday' is not a time"),
        ("start: 2030-01-01T00:00:00", "is not a time"),
        ("gates: ajar", "gates: 'ajar' is not known: give one of open, closed"),
        ("registries: [{tags: []}]", "registries[0].repository: is required"),
        ("registries: [{repository: r, tags: [1]}]", "registries[0].tags[0]: 1 is not a mapping of fields"),
        ("metrics: [{value: 1, result: Failed}]", "metrics[0]: give one of values, value and result"),
        ("metrics: [{match: {name: x}, value: 1}]", "metrics[0].match.name: is not a field here"),
        ("metrics: [{result: Bad}]", "metrics[0].result: 'Bad' is not known"),
        ("events: [{at: 1h}]", "events[0]: give one of push, image, promote"),
        ("events: [{sync: {application: a}}]", "events[0].at: is required"),
        ("events: [{at: 1h, sync: {application: a, prune: true}}]", "events[0].sync.prune: is not a field here"),
        ("events: [{at: 1h, merge: {repository: r, number: 0}}]", "events[0].merge.number: 0 is not a number"),
        ("events: [{at: 1h, resume: {namespace: a, rollout: b, full: 1}}]", "full: 1 is neither true nor false"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        scenario_of(text)
    assert told in str(error.value)
