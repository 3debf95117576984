"""DestinationRules that Rollouts no longer name."""

from __future__ import annotations

from datetime import UTC, datetime

from argosy.machinery.controller import NOTHING
from argosy.machinery.requests import Write
from argosy.rollouts.destination_rules import Seen, decide
from tests.kit.rollouts import canary

NOW = datetime(2030, 1, 1, tzinfo=UTC)
RULE = {
    "metadata": {
        "name": "rule",
        "namespace": "shop",
        "uid": "1",
        "resourceVersion": "7",
        "annotations": {"argo-rollouts.argoproj.io/managed-by-rollouts": "web"},
    },
    "spec": {
        "subsets": [
            {"name": "canary", "labels": {"rollouts-pod-template-hash": "new"}},
            {"name": "stable", "labels": {"app": "web", "rollouts-pod-template-hash": "old"}},
        ]
    },
}


def test_subsets_lose_their_hashes_and_the_rule_its_note() -> None:
    (step,) = decide(Seen(rule=RULE, rollouts=()), NOW).steps
    assert isinstance(step, Write)
    assert step.body is not None
    assert step.body["spec"] == {"subsets": [{"name": "canary"}, {"name": "stable", "labels": {"app": "web"}}]}
    assert step.body["metadata"]["annotations"] == {"argo-rollouts.argoproj.io/managed-by-rollouts": None}


def test_a_rule_that_a_rollout_names_is_its_own_affair() -> None:
    assert decide(Seen(rule=RULE, rollouts=(canary(),)), NOW) == NOTHING
