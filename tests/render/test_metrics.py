"""The cache of renderings under the names that dashboards ask for."""

from __future__ import annotations

from argosy.observe.metrics import Registry
from argosy.render.cache import Counters
from argosy.render.metrics import register_cache


def test_looks_at_the_cache_are_gets_and_renderings_sets() -> None:
    registry, counters = Registry(), Counters(renders=2, hits=5, misses=2)
    register_cache(lambda: counters, registry)
    text = registry.text()
    assert 'initiator="argocd-repo-server",command="get",failed="false"} 7' in text
    assert 'initiator="argocd-repo-server",command="set",failed="false"} 2' in text
    assert "argosy_render_cache_hits_total 5" in text
