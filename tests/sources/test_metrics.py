"""Requests to OCI registries: their time, and failures by what was asked."""

from __future__ import annotations

import pytest

from argosy.observe.metrics import Registry
from argosy.runtime.virtual import VirtualProcess
from argosy.sources.metrics import OciMetrics
from argosy.sources.port import NotFound

REPO = "oci://registry.test/charts/web"


def test_what_fails_is_counted_by_kind_and_revision() -> None:
    process, registry = VirtualProcess(7), Registry()
    metrics = OciMetrics(process.clock, registry)

    async def story() -> None:
        with metrics.request(REPO, "extract", "1.0"):
            await process.clock.sleep(2)
        with pytest.raises(NotFound), metrics.request(REPO, "resolve-revision", "nope"):
            raise NotFound("no")
        with pytest.raises(NotFound), metrics.request(REPO, "get-tags"):
            raise NotFound("no")

    process.run(story())
    text = registry.text()
    process.close()
    assert f'argocd_oci_request_total{{repo="{REPO}",request_type="extract"}} 1' in text
    assert f'argocd_oci_request_duration_seconds_sum{{repo="{REPO}",request_type="extract"}} 2' in text
    assert f'argocd_oci_resolve_revision_fail_total{{repo="{REPO}",revision="nope"}} 1' in text
    assert f'argocd_oci_get_tags_fail_total{{repo="{REPO}"}} 1' in text
    assert "argocd_oci_extract_fail_total{" not in text
