"""What each ApplicationSet is and owns, under upstream's names."""

from __future__ import annotations

from typing import Any, cast

from argosy.gitops.applicationsets.metrics import LABELS, ApplicationSetMetrics
from argosy.observe.metrics import Registry


class Cached:
    def __init__(self, *objects: dict[str, Any]) -> None:
        self._objects = objects

    def list(self) -> tuple[dict[str, Any], ...]:
        return self._objects


def test_sets_export_their_status_their_applications_and_selected_labels() -> None:
    conditions = [{"type": "ResourcesUpToDate", "status": "True", "reason": "ApplicationSetUpToDate"}]
    made = {
        "metadata": {"namespace": "argocd", "name": "a", "labels": {"team.io/owner": "x"}},
        "status": {"conditions": conditions, "resources": [{}, {}]},
    }
    fresh = {"metadata": {"namespace": "argocd", "name": "b"}}
    registry = Registry()
    ApplicationSetMetrics(cast(Any, Cached(made, fresh)), {LABELS: "team.io/owner"}, registry)
    text = registry.text()
    place = 'namespace="argocd",name="a"'
    assert f'argocd_appset_info{{{place},resource_update_status="ApplicationSetUpToDate"}} 1' in text
    assert f"argocd_appset_owned_applications{{{place}}} 2" in text
    assert f'argocd_appset_labels{{{place},label_team_io_owner="x"}} 1' in text
    assert 'argocd_appset_info{namespace="argocd",name="b",resource_update_status="Unknown"} 1' in text
