"""Requests to clusters: their time and codes, and how many writes are under way."""

from __future__ import annotations

import platform

import pytest

from argosy.machinery.status import StatusError
from argosy.observe.metrics import Registry
from argosy.runtime.clients.request_metrics import RequestMetrics
from argosy.runtime.virtual import VirtualProcess


def test_requests_are_counted_by_code_and_writes_while_they_last() -> None:
    process = VirtualProcess(7)
    registry = Registry()
    metrics, host = RequestMetrics(process.clock, registry), platform.node()

    async def story() -> None:
        with metrics.request("here", "Create"):
            await process.clock.sleep(1)
            assert f'argocd_kubectl_exec_pending{{hostname="{host}",command="create"}} 1' in registry.text()
        with metrics.request("here", "Get"):
            pass
        with pytest.raises(StatusError), metrics.request("here", "Patch"):
            raise StatusError(409, "Conflict", "no")

    process.run(story())
    text = registry.text()
    assert 'argocd_kubectl_requests_total{host="here",method="POST",code="201"} 1' in text
    assert 'argocd_kubectl_requests_total{host="here",method="PATCH",code="409"} 1' in text
    assert 'argocd_kubectl_request_duration_seconds_sum{host="here",verb="POST"} 1' in text
    assert f'argocd_kubectl_exec_pending{{hostname="{host}",command="create"}} 0' in text
    assert f'argocd_kubectl_exec_total{{hostname="{host}",command="patch"}} 1' in text
    assert 'command="get"' not in text
    process.close()
