from __future__ import annotations

import pytest

from argosy.notify.configuration import configuration
from argosy.notify.subscriptions import GlobalSubscriptions, annotated, legacy

PREFIX = "notifications.argoproj.io"
DEFAULTS = configuration({"defaultTriggers": "[d]", "defaultTriggers.email": "[e]"}, {})


def listed(annotations: dict[str, str]) -> list[str]:
    found = annotated(annotations, DEFAULTS)
    return [f"{trigger} {destination}" for trigger, destinations in found.items() for destination in destinations]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("subscribe.on-x.slack", "a; b ;", ["on-x slack:a", "on-x slack:b"]),
        ("subscribe.on-x.slack", " ; ", []),
        ("subscribe.on-x.slack", "", ["on-x slack:"]),
        ("subscribe.on-x.webhook.team", "r", ["on-x webhook:r"]),
        ("subscribe.slack", "a", ["d slack:a"]),
        ("subscribe..slack", "a", ["d slack:a"]),
        ("subscribe.email", "a", ["e email:a"]),
        (
            "subscriptions",
            "[{trigger: [t1, t2], destinations: [{service: slack, recipients: [a]}]}]",
            ["t1 slack:a", "t2 slack:a"],
        ),
        ("subscriptions.more", "[{Trigger: [t], destinations: [{service: s, recipients: [1]}]}]", ["t s:1"]),
        ("subscriptions", "[{destinations: [{service: email, recipients: [a]}]}]", ["e email:a"]),
        ("subscriptions", "[{trigger: [t]}]", []),
        ("subscriptions", "[[", []),
        ("subscriptions", "hello", []),
    ],
)
def test_an_annotation_subscribes(key: str, value: str, expected: list[str]) -> None:
    assert listed({f"{PREFIX}/{key}": value}) == expected


def test_annotations_without_the_prefix_subscribe_to_nothing() -> None:
    assert listed({"a": "b", f"{PREFIX}/subscribe.on-x.slack": "a", "c": "d"}) == ["on-x slack:a"]


def test_a_project_of_old_subscribes_by_trigger_and_default_triggers_win() -> None:
    annotations = {"on-x.recipients.argocd-notifications.argoproj.io": "slack:a, email:b"}
    found = legacy(annotations, DEFAULTS)

    assert {trigger: [str(one) for one in those] for trigger, those in found.items()} == {
        "on-x": ["slack:a"],
        "e": ["email:b"],
    }


def test_global_subscriptions_count_where_their_selector_matches() -> None:
    text = """
- {recipients: [slack:all]}
- {recipients: [slack:x], triggers: [t], selector: "team=x"}
- {recipients: [slack:y], triggers: [t], selector: "team in (y, z)"}
- {recipients: [slack:none], triggers: [t], selector: "!team"}
"""
    subscriptions = GlobalSubscriptions(configuration({"subscriptions": text, "defaultTriggers": "[d]"}, {}))

    def names(labels: dict[str, str]) -> set[str]:
        return {str(one) for those in subscriptions.destinations(labels).values() for one in those}

    assert names({"team": "x"}) == {"slack:all", "slack:x"}
    assert names({"team": "z"}) == {"slack:all", "slack:y"}
    assert names({}) == {"slack:all", "slack:none"}
