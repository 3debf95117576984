"""The catalogue: what it covers, how its rules weigh, and that no malformed object escapes as an exception."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from argosy.gitops.health import CHECKS, judged
from argosy.gitops.health.catalogue import CATALOGUE, WILDCARDS
from argosy.gitops.health.verdict import ORDER
from tests.vectors import argocd_health

DATA = Path(os.environ.get("ARGOSY_SHARED") or Path(__file__).parents[4] / "shared") / "data"
FIELDS = ("conditions", "type", "status", "reason", "message", "phase", "state", "replicas", "observedGeneration", "x")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "True", "False", "Ready", "Failed"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


def condition(kind: str, status: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, **more}


def live(api_version: str, kind: str, *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    status = {"conditions": list(conditions)}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "status": status} | more


def test_an_exact_kind_comes_before_its_wildcard_group() -> None:
    provider = live("pkg.crossplane.io/v1", "Provider", condition("Installed", "True", reason="A"))
    other = live("pkg.crossplane.io/v1", "Function", condition("Healthy", "True"))
    assert judged(provider) == ("Degraded", "A")
    assert judged(other) == ("Healthy", "Resource is up-to-date.")


def test_wildcards_are_sorted_so_that_the_answer_never_depends_on_luck() -> None:
    names = [(group, kind) for group, kind, _ in WILDCARDS]
    assert names == sorted(names)
    assert all("*" not in group + kind for group, kind in CATALOGUE)


@pytest.mark.parametrize("order", [1, -1])
def test_a_rule_weighs_more_than_the_order_of_conditions(order: int) -> None:
    found = [condition("Synced", "False", message="no"), condition("Ready", "True")][::order]
    assert judged(live("s3.aws.upbound.io/v1", "Bucket", *found)) == ("Degraded", "no")


def test_a_parent_that_has_not_seen_this_generation_does_not_count() -> None:
    old = {"parentRef": {"name": "a"}, "conditions": [condition("Accepted", "False", observedGeneration=1)]}
    new = {"parentRef": {"name": "b"}, "conditions": [condition("Accepted", "True", observedGeneration=2)]}
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"generation": 2}}
    assert judged(route | {"status": {"parents": [old, new]}}) == ("Healthy", "HTTPRoute is healthy")
    assert judged(route | {"status": {"parents": [old]}}) == ("Progressing", "Waiting for HTTPRoute status")


@example(("", "Pod"), None, {"message": True})
@given(st.sampled_from(sorted(CHECKS)), json_values, json_values)
def test_whatever_an_object_says_the_answer_is_one_of_the_six(key: tuple[str, str], spec: Any, status: Any) -> None:
    group, kind = key
    version = (CHECKS[key][0] or ("v1",))[0]
    api_version = f"{group}/{version}" if group else version
    found = judged({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec, "status": status})
    assert found is not None
    assert found.status in ORDER
    assert isinstance(found.message, str)


JUDGED_UNSEEN = {"Schedule", "AdvancedCronJob", "DatadogMetric"}
"""A schedule that has never run is judged as such; of a metric upstream knows nothing but errors."""


@given(st.sampled_from(sorted(CATALOGUE)))
def test_an_object_that_nobody_has_looked_at_is_never_healthy_by_condition(key: tuple[str, str]) -> None:
    found = judged({"apiVersion": f"{key[0]}/v1", "kind": key[1], "metadata": {"name": "x"}, "spec": {}})
    assert found is not None
    assert found.status in ("Progressing", "Unknown") or key[1] in JUDGED_UNSEEN


@pytest.mark.skipif(not DATA.is_dir(), reason="the recorded vectors are not here: set ARGOSY_SHARED")
def test_every_recorded_case_has_the_recorded_health_and_message() -> None:
    outcomes = list(argocd_health.run(DATA))
    assert outcomes
    assert [f"{found.name}: {found.detail}" for found in outcomes if not found.passed] == []


READY = condition("Ready", "True", reason="Done")
FACTS = [
    # Flux: two conditions must speak for what has an artifact or a release, one for the rest.
    (live("source.toolkit.fluxcd.io/v1", "GitRepository", READY), ("Degraded", "Done")),
    (
        live("source.toolkit.fluxcd.io/v1", "GitRepository", READY, condition("ArtifactInStorage", "True")),
        ("Healthy", "Done"),
    ),
    (live("kustomize.toolkit.fluxcd.io/v1", "Kustomization", READY), ("Healthy", "Done")),
    (
        live(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            condition("Ready", "Unknown", reason="Progressing"),
            condition("Reconciling", "True"),
        ),
        ("Progressing", "Progressing"),
    ),
    (
        live("kustomize.toolkit.fluxcd.io/v1", "Kustomization", condition("Ready", "Unknown", reason="Progressing")),
        ("Degraded", "Progressing"),
    ),
    (live("flagger.app/v1beta1", "Canary", status={}), ("Unknown", "No status")),
    (
        live("flagger.app/v1beta1", "Canary", status={"phase": "Waiting", "canaryWeight": 0}),
        ("Unknown", "Waiting --- "),
    ),
    # A database's first condition that does not hold speaks; a job's reason does.
    (
        live("k8s.mariadb.com/v1alpha1", "MariaDB", READY, condition("Backup", "False", message="soon")),
        ("Progressing", "soon"),
    ),
    (
        live("k8s.mariadb.com/v1alpha1", "User", condition("Ready", "Unknown", message="?")),
        ("Degraded", "?"),
    ),
    (
        live(
            "flink.apache.org/v1beta1",
            "FlinkDeployment",
            status={"reconciliationStatus": {"state": "DEPLOYED"}, "jobManagerDeploymentStatus": "DEPLOYING"},
        ),
        ("Healthy", ""),
    ),
    (
        live(
            "elasticsearch.k8s.elastic.co/v1",
            "Elasticsearch",
            spec={"nodeSets": [{"count": 2}, {"count": 1}]},
            status={"availableNodes": 2, "phase": "Invalid", "health": "red"},
        ),
        ("Progressing", "The desired amount of availableNodes is 3 but the current amount is 2"),
    ),
    (live("datadoghq.com/v1alpha1", "DatadogMetric"), ("Healthy", "DatadogMetric is healthy")),
    (
        live("opentelemetry.io/v1beta1", "OpenTelemetryCollector", status={"scale": {"statusReplicas": "none"}}),
        ("Progressing", "Unable to parse replica status: none"),
    ),
    (
        live("capabilities.3scale.net/v1beta1", "Tenant", READY, status={"conditions": [READY], "tenantId": 1}),
        ("Progressing", "Waiting for 3scale Tenant status..."),
    ),
    (
        live("projectcontour.io/v1", "HTTPProxy", status={"currentStatus": "NotReconciled", "description": "later"}),
        ("Progressing", "later"),
    ),
    (
        live("sql.cnrm.cloud.google.com/v1beta1", "SQLUser", condition("Other", "False", reason="UpdateFailed")),
        ("Degraded", ""),
    ),
    (live("core.humio.com/v1alpha1", "HumioView", status={"state": "Strange"}), ("Progressing", "Update in progress")),
]


@pytest.mark.parametrize(("obj", "wanted"), FACTS)
def test_a_kind_is_judged_by_what_its_operator_means(obj: dict[str, Any], wanted: tuple[str, str]) -> None:
    assert judged(obj) == wanted
