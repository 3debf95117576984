"""Hydrations are counted while they last and by how they ended."""

from __future__ import annotations

import pytest

from argosy.gitops.hydrator.metrics import CommitMetrics
from argosy.observe.metrics import Registry
from argosy.runtime.virtual import VirtualProcess
from argosy.sources.port import Unavailable

REPO = "https://user:word@git.test/a.git"


def test_a_hydration_is_pending_until_it_ends_well_or_not() -> None:
    process, registry = VirtualProcess(7), Registry()
    metrics = CommitMetrics(process.clock, registry)

    async def story() -> None:
        with metrics.commit(REPO):
            assert 'commit_pending_request_total{repo="https://git.test/a"} 1' in registry.text()
            with metrics.request(REPO, "push"):
                await process.clock.sleep(3)
        with pytest.raises(Unavailable), metrics.commit(REPO):
            raise Unavailable("away")

    process.run(story())
    text = registry.text()
    process.close()
    assert 'commit_pending_request_total{repo="https://git.test/a"} 0' in text
    assert 'commit_request_total{repo="https://git.test/a",response_type="success"} 1' in text
    assert 'commit_request_total{repo="https://git.test/a",response_type="failure"} 1' in text
    assert 'git_request_duration_seconds_sum{repo="https://git.test/a",request_type="push"} 3' in text
    assert "word" not in text
