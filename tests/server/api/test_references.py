"""Which objects an object names, kind by kind."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.server.api.references import references


def named(api: str, kind: str, spec: dict[str, Any], **metadata: Any) -> list[tuple[str, str, str, str]]:
    obj = {"apiVersion": api, "kind": kind, "metadata": {"name": "x", "namespace": "team", **metadata}, "spec": spec}
    return [(one.kind, one.namespace, one.name, one.why) for one in references(obj)]


def test_an_application_is_of_a_project_and_waits_for_others() -> None:
    annotations = {"argosy.dev/depends-on": "db, infra/network"}
    assert named("argoproj.io/v1alpha1", "Application", {"project": "p"}, annotations=annotations) == [
        ("AppProject", "team", "p", "project"),
        ("Application", "team", "db", "dependency"),
        ("Application", "infra", "network", "dependency"),
    ]


def test_a_rollout_routes_by_services_and_is_judged_by_templates() -> None:
    templates = [{"templateName": "quick"}, {"templateName": "all", "clusterScope": True}]
    judged = {"analysis": {"templates": templates}}
    canary = {"canaryService": "c", "stableService": "s", "steps": [{"setWeight": 5}, judged], **judged}
    spec = {
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "strategy": {"canary": canary},
    }
    assert named("argoproj.io/v1alpha1", "Rollout", spec) == [
        ("Deployment", "team", "web", "workload"),
        ("Service", "team", "c", "service"),
        ("Service", "team", "s", "service"),
        ("AnalysisTemplate", "team", "quick", "analysis template"),
        ("ClusterAnalysisTemplate", "", "all", "analysis template"),
    ]


def test_a_stage_takes_freight_comes_after_others_and_updates_applications() -> None:
    request = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"stages": ["test"]}}
    apps = [{"name": "web", "namespace": "argocd"}, {"name": "${{ ctx.stage }}"}]
    steps = [
        {"uses": "argocd-update", "config": {"apps": apps}},
        {"task": {"name": "t", "kind": "ClusterPromotionTask"}},
    ]
    spec = {
        "requestedFreight": [request],
        "verification": {"analysisTemplates": [{"name": "smoke"}]},
        "promotionTemplate": {"spec": {"steps": steps}},
    }
    assert named("kargo.akuity.io/v1alpha1", "Stage", spec) == [
        ("Warehouse", "team", "w", "warehouse"),
        ("Stage", "team", "test", "upstream stage"),
        ("AnalysisTemplate", "team", "smoke", "analysis template"),
        ("Application", "argocd", "web", "application"),
        ("ClusterPromotionTask", "", "t", "promotion task"),
    ]


def test_certificates_sealed_secrets_and_owners() -> None:
    spec = {"secretName": "tls", "issuerRef": {"kind": "ClusterIssuer", "name": "ca"}}
    owners = [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "i"}]
    assert named("cert-manager.io/v1", "Certificate", spec, ownerReferences=owners) == [
        ("Ingress", "team", "i", "owner"),
        ("ClusterIssuer", "", "ca", "issuer"),
        ("Secret", "team", "tls", "secret"),
    ]
    assert named("bitnami.com/v1alpha1", "SealedSecret", {}) == [("Secret", "team", "x", "secret")]


@pytest.mark.parametrize("spec", [None, [], "x", {"project": 1, "strategy": [], "requestedFreight": "x"}])
@pytest.mark.parametrize("kind", ["Application", "Rollout"])
def test_a_malformed_object_names_nothing(kind: str, spec: Any) -> None:
    assert named("argoproj.io/v1alpha1", kind, spec) == []
