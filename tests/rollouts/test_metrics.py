"""Rollouts, Experiments and AnalysisRuns under upstream's metric names."""

from __future__ import annotations

from argosy.analysis.metrics import AnalysisMetrics
from argosy.observe.metrics import Registry
from argosy.rollouts.metrics import RolloutMetrics
from tests.kit.rollout_story import EXPERIMENTS, NAMESPACE, ROLLOUTS, RUNS, RolloutStory
from tests.kit.rollouts import TEMPLATE

CHECK = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AnalysisTemplate",
    "metadata": {"name": "check"},
    "spec": {
        "metrics": [{"name": "ok", "count": 1, "provider": {"web": {"url": "http://m/ok", "jsonPath": "{$.value}"}}}]
    },
}
ROLLOUT = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "web"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "web"}},
        "template": TEMPLATE,
        "strategy": {"canary": {"steps": [{"analysis": {"templates": [{"templateName": "check"}]}}, {"pause": {}}]}},
    },
}


def test_what_dashboards_ask_for_is_there() -> None:
    registry = Registry()
    with RolloutStory(metric={"ok": [{"body": {"value": 1}}]}) as world:
        cache = world.caches.cache
        RolloutMetrics(cache(ROLLOUTS), cache(EXPERIMENTS), registry)
        AnalysisMetrics(cache(RUNS), (), registry)
        world.given([CHECK, ROLLOUT])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        world.command(["set", "image", "web", "app=app:v2"])
        world.wait("Rollout/web", {"status.phase": "Paused"})
        text = registry.text()
        named = f'namespace="{NAMESPACE}",name="web"'
        assert f'rollout_info{{{named},strategy="canary",traffic_router="",phase="Paused"}} 1' in text
        assert f"rollout_info_replicas_desired{{{named}}} 2" in text
        assert f"rollout_info_replicas_updated{{{named}}} 0" in text
        assert 'phase="Successful"} 1' in text
        assert 'metric="ok",type="Web"} 1' in text
        assert 'rollout_duration_seconds_count{status="Promoted"} 1' in text
        world.command(["promote", "web"])
        world.wait("Rollout/web", {"status.phase": "Healthy"})
        assert f'rollout_info{{{named},strategy="canary",traffic_router="",phase="Completed"}} 1' in registry.text()
        assert 'rollout_duration_seconds_count{status="Promoted"} 2' in registry.text()
        world.delete(ROLLOUTS, "web", NAMESPACE)
        world.quiet()
        assert 'name="web",strategy' not in registry.text()
