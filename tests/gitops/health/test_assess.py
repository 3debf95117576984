"""Which rule judges which object, and what happens when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.health import ORDER, Status, assess, worst


def obj(api_version: str, kind: str, metadata: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x", **(metadata or {})}, **rest}


def test_an_object_that_is_being_deleted_is_progressing_unless_a_hook_holds_it() -> None:
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    assert assess(obj("v1", "ConfigMap", going)) == assess(obj("example.com/v1", "Any", going))
    health = assess(obj("v1", "Service", going))
    assert health is not None
    assert (health.status, health.message) == (Status.PROGRESSING, "Pending deletion")
    held = assess(obj("v1", "Service", {**going, "finalizers": ["argocd.argoproj.io/hook-finalizer"]}))
    assert held is not None
    assert held.status is Status.HEALTHY


def test_a_kind_without_a_rule_has_no_health_and_does_not_count() -> None:
    assert assess(obj("v1", "ConfigMap")) is None
    assert assess(obj("argoproj.io/v1alpha1", "Application")) is None


def test_another_version_of_a_built_in_kind_is_unknown() -> None:
    health = assess(obj("apps/v1beta1", "Deployment"))
    assert health is not None
    assert (health.status, health.message) == (
        Status.UNKNOWN,
        "unsupported Deployment GVK: apps/v1beta1, Kind=Deployment",
    )


@pytest.mark.parametrize("status", [{"replicas": "many"}, {"conditions": 7}, "text", [1]])
def test_an_object_of_wrong_types_is_unknown_and_never_an_exception(status: Any) -> None:
    deployment = obj("apps/v1", "Deployment", {"generation": 1}, spec={"replicas": 1}, status=status)
    health = assess(deployment)
    assert health is not None
    assert health.status in (Status.UNKNOWN, Status.PROGRESSING)


def test_the_worst_state_wins_and_nothing_at_all_is_healthy() -> None:
    assert [str(state) for state in ORDER] == ["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"]
    assert worst([Status.HEALTHY, Status.MISSING, Status.PROGRESSING]) is Status.MISSING
    assert worst([]) is Status.HEALTHY
