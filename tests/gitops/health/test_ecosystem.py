"""Rules of the ecosystem's kinds whose judgement is like no other's."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.gitops.health import judged


def of(api_version: str, kind: str, status: dict[str, Any] | None = None, **spec: Any) -> tuple[str, str]:
    metadata = {"name": "x", "generation": 2}
    found = judged({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": status})
    assert found is not None
    return found.status, found.message


def ready(status: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status, **more}]}


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ({"phase": "Provisioned"}, ("Healthy", "Cluster is running")),
        ({"phase": "Provisioned", **ready("False", severity="Error", message="no")}, ("Degraded", "no")),
        ({"phase": "Provisioned", **ready("False", severity="Info")}, ("Healthy", "Cluster is running")),
    ],
)
def test_a_cluster_that_is_not_ready_is_degraded_unless_that_only_informs(
    status: dict[str, Any], wanted: tuple[str, str]
) -> None:
    assert of("cluster.x-k8s.io/v1beta1", "Cluster", status) == wanted


def test_a_partition_holds_an_updated_workload_back_only_once_it_was_changed() -> None:
    status = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "expectedUpdatedReplicas": 1}
    status["updatedAvailableReplicas"] = 1
    held = of("apps.kruise.io/v1alpha1", "CloneSet", status, updateStrategy={"partition": 1})
    free = of("apps.kruise.io/v1alpha1", "CloneSet", status, updateStrategy={"partition": 0})
    assert held == ("Suspended", "Cloneset needs manual intervention")
    assert free == ("Degraded", "Some replicas are not ready or available")


@pytest.mark.parametrize("kind", ["ISBServiceRollout", "MonoVertexRollout", "PipelineRollout"])
def test_a_failed_progressive_upgrade_outweighs_its_progress(kind: str) -> None:
    failed = {"type": "ProgressiveUpgradeSucceeded", "status": "False"}
    status = {"observedGeneration": 2, "upgradeInProgress": "Progressive"}
    api_version = "numaplane.numaproj.io/v1alpha1"
    assert of(api_version, kind, status) == ("Progressing", "Update in progress")
    assert of(api_version, kind, status | {"conditions": [failed]}) == ("Degraded", "Progressive upgrade failed")


def test_what_a_promoter_reports_counts_only_for_the_generation_it_saw() -> None:
    api_version, kind = "promoter.argoproj.io/v1alpha1", "CommitStatus"
    told = {"sha": "abc", "phase": "success"}
    assert of(api_version, kind, told | ready("True", observedGeneration=1))[0] == "Progressing"
    assert of(api_version, kind, told | ready("True", observedGeneration=2)) == (
        "Healthy",
        "Commit status for commit abc reports success",
    )


def test_what_waits_for_a_finalizer_says_what_is_at_risk_without_it() -> None:
    metadata = {"name": "x", "deletionTimestamp": "2025-01-01T00:00:00Z"}
    name = "scmprovider.promoter.argoproj.io/finalizer"
    obj = {"apiVersion": "promoter.argoproj.io/v1alpha1", "kind": "ScmProvider"}
    bare = judged({**obj, "metadata": metadata})
    held = judged({**obj, "metadata": {**metadata, "finalizers": [name, "another"]}})
    assert bare is not None
    assert bare == ("Progressing", "ScmProvider is being deleted.")
    assert held is not None
    assert name in held.message
    assert "Risk" in held.message


@pytest.mark.parametrize(
    ("state", "failed", "status"),
    [("ERROR", None, "Degraded"), ("CREATED", 2, "Degraded"), ("CREATED", 0, "Progressing")],
)
def test_a_connector_with_failed_tasks_is_degraded(state: str, failed: int | None, status: str) -> None:
    told = {"state": state, "failedTasksCount": failed}
    assert of("platform.confluent.io/v1beta1", "Connector", told)[0] == status
