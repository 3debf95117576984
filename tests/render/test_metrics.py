"""The cache of renderings and waiting renderings, under the names that dashboards use."""

from __future__ import annotations

from argosy.observe.metrics import Registry
from argosy.render.cache import Counters
from argosy.render.metrics import RenderMetrics, register_cache
from argosy.runtime.virtual import VirtualProcess


def test_hits_and_misses_are_shown() -> None:
    registry = Registry()
    register_cache(lambda: Counters(renders=2, hits=5, misses=2), registry)
    assert "argosy_render_cache_hits_total 5" in registry.text()
    assert "argosy_render_cache_misses_total 2" in registry.text()


def test_looks_at_the_cache_are_gets_and_renderings_sets() -> None:
    process, registry = VirtualProcess(7), Registry()
    metrics = RenderMetrics(process.clock, registry)
    with metrics.looking():
        pass
    with metrics.looking():
        pass
    metrics.kept()
    process.close()

    text = registry.text()
    assert 'initiator="argocd-repo-server",command="get",failed="false"} 2' in text
    assert 'initiator="argocd-repo-server",command="set",failed="false"} 1' in text
    assert 'argocd_redis_request_duration_seconds_count{initiator="argocd-repo-server"} 2' in text


def test_a_rendering_is_pending_until_it_is_made_and_its_wait_is_timed() -> None:
    process, registry = VirtualProcess(7), Registry()
    metrics = RenderMetrics(process.clock, registry)

    async def story() -> None:
        with metrics.pending("https://me:word@git.test/a.git"):
            began = process.clock.monotonic()
            await process.clock.sleep(3)
            metrics.waited("https://git.test/a", began)
            assert 'argocd_repo_pending_request_total{repo="https://git.test/a"} 1' in registry.text()

    process.run(story())
    text = registry.text()
    process.close()
    assert 'argocd_repo_pending_request_total{repo="https://git.test/a"} 0' in text
    assert 'argocd_repo_parallelism_wait_duration_seconds_sum{repo="https://git.test/a"} 3' in text
