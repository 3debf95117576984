"""Changes that come in one turn of the event loop are one batch."""

from __future__ import annotations

from argosy.gitops.clusters.event_metrics import EventMetrics
from argosy.observe.metrics import Registry
from argosy.runtime.virtual import VirtualProcess


def test_changes_at_once_are_one_batch_and_later_ones_another() -> None:
    process, registry = VirtualProcess(7), Registry()
    metrics = EventMetrics("here", process.clock, registry)

    async def story() -> None:
        for _ in range(3):
            with metrics:
                pass
        await process.clock.sleep(1)
        assert 'argocd_resource_events_processed_in_batch{server="here"} 3' in registry.text()
        with metrics:
            pass
        await process.clock.sleep(1)

    process.run(story())
    text = registry.text()
    process.close()
    assert 'argocd_resource_events_processed_in_batch{server="here"} 1' in text
    assert 'argocd_resource_events_processing_count{server="here"} 2' in text
