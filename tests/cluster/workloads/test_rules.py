"""Simulation rules: what is read, refused and matched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from argosy.cluster.workloads.kubelet.effects import effect_for
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rule_reading import RuleError, parse_rules
from argosy.cluster.workloads.rules.rules import DEFAULTS, Answers, answers_for

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
POD = {"metadata": {"namespace": "team-a", "name": "web-x", "labels": {"app": "web"}}}
CONTAINER = {"name": "c", "image": "registry.example.com/web:2"}


@pytest.mark.parametrize(
    ("effect", "named", "right"),
    [
        ("{startDelay: soon}", "effect.startDelay: 'soon'", "1m30s"),
        ("{startDelay: -1}", "effect.startDelay: -1", "seconds"),
        ("{exitCode: 300}", "effect.exitCode: 300", "0 to 255"),
        ("{fail: {reason: Nope}}", "fail.reason: 'Nope'", "ErrImagePull"),
        ("{fail: {reason: Error, probability: 2}}", "fail.probability: 2", "0 to 1"),
        ("{neverReady: maybe}", "neverReady: 'maybe'", "true or false"),
        ("{sleep: 3}", "unknown field 'sleep'", "startDelay"),
        ("{logs: text}", "logs: 'text'", "lines"),
        ("{metrics: {cpu: high}}", "metrics.cpu: 'high'", "number"),
    ],
)
def test_a_wrong_rule_is_refused_by_field_value_and_what_would_be_right(effect: str, named: str, right: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rules(f"rules: [{{effect: {effect}}}]", "rules.yaml")
    assert named in str(refused.value)
    assert right in str(refused.value)
    assert str(refused.value).startswith("rules.yaml: rules[0].effect")


@pytest.mark.parametrize(
    ("match", "holds"),
    [
        ("{}", True),
        ("{namespace: 'team-*'}", True),
        ("{namespace: prod}", False),
        ("{image: '*/web:*'}", True),
        ("{image: 'web:*'}", False),
        ("{container: d}", False),
        ("{labels: {app: web}}", True),
        ("{labels: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}", False),
        ("{owner: {kind: Deployment, name: 'we*'}}", True),
        ("{owner: {kind: Job}}", False),
        ("{ordinal: 2}", True),
        ("{ordinal: 1}", False),
        ("{from: '2030-01-01T12:00:00Z'}", True),
        ("{until: '2030-01-01T12:00:00Z'}", False),
    ],
)
def test_a_rule_means_what_all_of_its_conditions_mean(match: str, holds: bool) -> None:
    rules = parse_rules(f"rules: [{{match: {match}, effect: {{neverReady: true}}}}]")
    owners = (("ReplicaSet", "web-123"), ("Deployment", "web"))
    assert effect_for(rules, POD, CONTAINER, 2, owners, NOON).never_ready is holds


def test_the_first_match_wins_and_the_rest_is_the_default() -> None:
    rules = parse_rules("rules: [{match: {}, effect: {startDelay: 1m}}, {match: {}, effect: {readyDelay: 9}}]")
    effect = effect_for(rules, POD, CONTAINER, None, (), NOON)
    assert (effect.start_delay, effect.ready_delay) == (60.0, DEFAULTS.ready_delay)


def test_a_config_map_that_cannot_be_read_keeps_the_last_good_rules() -> None:
    book = RuleBook()
    metadata = {"namespace": "a", "name": "r", "labels": {"argosy.dev/simulation-rules": "true"}}
    good = {"metadata": metadata, "data": {"r": "rules: [{effect: {startDelay: 3}}]"}}
    assert book.set_live(good)
    kept = book.current
    assert not book.set_live({"metadata": metadata, "data": {"r": "rules: 7"}})
    assert book.current == kept
    assert "rules: 7" in book.errors["a", "r"]
    assert book.drop_live(("a", "r"))
    assert book.current == ()


@pytest.mark.parametrize(
    ("rule", "right"),
    [
        ("{match: {service: web}}", "needs `answers`"),
        ("{answers: {status: 200}}", "match.service"),
        ("{match: {service: web}, answers: {status: 200}, effect: {runFor: 1}}", "no effect"),
        ("{match: {service: web}, answers: {status: 42}}", "100 to 599"),
        ("{match: {service: web}, answers: {errorShare: 1.5}}", "0 to 1"),
        ("{match: {service: web}, answers: {latency: soon}}", "1m30s"),
        ("{match: {service: web}, answers: {body: x}}", "errorShare"),
    ],
)
def test_what_services_answer_is_checked(rule: str, right: str) -> None:
    with pytest.raises(RuleError, match=right):
        parse_rules(f"rules: [{rule}]")


def test_the_first_rule_about_a_service_says_what_it_answers_and_means_no_container() -> None:
    rules = parse_rules("""
rules:
- {match: {service: "web-*", until: "2029-01-01T00:00:00Z"}, answers: {status: 503}}
- {match: {service: "web-*", namespace: team-a}, answers: {latency: 50ms, errorShare: 0.1}}
- {match: {}, effect: {startDelay: 7}}
""")
    service = {"metadata": {"namespace": "team-a", "name": "web-1"}}
    assert answers_for(rules, service, NOON) == Answers(status=200, latency=0.05, error_share=0.1)
    assert answers_for(rules, {"metadata": {"namespace": "b", "name": "web-1"}}, NOON) is None
    assert effect_for(rules, POD, CONTAINER, None, (), NOON).start_delay == 7
