# ruff: noqa: E501 - one case a line reads better than wrapped ones
"""The same object in two versions, forth and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.cluster.kinds.views import METRICS

from .vectors import NOW, ROOT, created, kinds


def view(group: str, version: str, plural: str) -> Any:
    return next(
        kind
        for kind in kinds()
        if (kind.resource.group, kind.resource.version, kind.resource.plural) == (group, version, plural)
    )


def test_a_new_event_is_an_old_event_in_other_words() -> None:
    new, old = view("events.k8s.io", "v1", "events"), view("", "v1", "events")
    body = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "n"},
        "eventTime": "2026-01-02T03:04:05.000006Z",
        "reportingController": "c/d",
        "reportingInstance": "i",
        "action": "a",
        "reason": "r",
        "type": "Normal",
        "note": "hello",
        "regarding": {"kind": "Pod", "name": "p", "namespace": "n"},
    }
    obj, causes = created(body)
    assert causes == []

    stored = new.to_storage(obj)
    read_old = old.strategy.canonical_copy(stored)

    assert stored == {**read_old, "apiVersion": "v1", "kind": "Event"}
    assert (stored["message"], stored["reportingComponent"], stored["involvedObject"]["name"]) == ("hello", "c/d", "p")
    assert new.from_storage(stored) == obj
    assert new.storage == old.storage == ("", "events")
    assert new.strategy.cells(obj, NOW) == old.strategy.cells(stored, NOW)


@pytest.mark.skipif(not ROOT.exists(), reason="fixtures are not present")
def test_a_full_old_event_survives_the_new_view() -> None:
    new, old = view("events.k8s.io", "v1", "events"), view("", "v1", "events")
    stored = old.strategy.canonical_copy(json.loads((ROOT / "roundtrip/core.v1.Event.json").read_text()))
    stored |= {"apiVersion": "v1", "kind": "Event"}
    assert new.to_storage(new.from_storage(stored)) == stored


def test_an_old_autoscaler_is_a_view_of_a_new_one() -> None:
    old, new = (
        view("autoscaling", "v1", "horizontalpodautoscalers"),
        view("autoscaling", "v2", "horizontalpodautoscalers"),
    )
    target = {"kind": "Deployment", "name": "d"}
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": target, "targetCPUUtilizationPercentage": 70},
    }
    obj, causes = created(body)
    assert causes == []

    stored = old.to_storage(obj)

    wanted, _ = created({**body, "apiVersion": "autoscaling/v2", "spec": {"maxReplicas": 3, "scaleTargetRef": target, "metrics": [
        {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}})  # fmt: skip
    assert {**stored, "metadata": {}} == {**wanted, "metadata": {}}
    assert old.from_storage(stored)["spec"] == obj["spec"]
    assert old.strategy.cells(obj, NOW) == new.strategy.cells(stored, NOW)


def test_metrics_that_the_old_version_cannot_say_travel_in_annotations() -> None:
    old = view("autoscaling", "v1", "horizontalpodautoscalers")
    memory = {
        "type": "Resource",
        "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
    }
    stored, _ = created({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"},
        "spec": {"maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "d"}, "metrics": [memory]},
    })  # fmt: skip
    shown = old.from_storage(stored)
    assert json.loads(shown["metadata"]["annotations"][METRICS]) == [memory]
    assert "metrics" not in shown["spec"]
    assert old.to_storage(shown) == stored
