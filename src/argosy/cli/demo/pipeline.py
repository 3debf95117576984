"""The demonstration's pipeline: images reach dev and staging automatically, and prod by a manual promotion."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from argosy.cli.demo.repository import ENVIRONMENTS, branch_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.promotion.kinds import (
    ANALYSIS_TEMPLATES,
    CONFIG_MAPS,
    PROJECT_CONFIGS,
    PROJECTS,
    STAGES,
    WAREHOUSES,
)
from argosy.runtime.client import Client

PROJECT: Final = "shop"
IMAGE: Final = "registry.example/shop"
"""The image's name in the manifests."""
MANAGER: Final = "argosy-demo"
RULES: Final = """\
rules:
- match: {service: shop}
  answers: {rate: 50}
- match: {image: "*/shop:*-bad"}
  effect: {traffic: {errorShare: 0.5, errorCode: 500}}
"""
SUCCESS: Final = (
    'sum(rate(http_requests_total{namespace="shop-staging",code=~"2.."}[3s]))'
    ' / sum(rate(http_requests_total{namespace="shop-staging"}[3s]))'
)


async def install_pipeline(client: Client, repository: Path, images: str, prometheus: str) -> None:
    for kind, obj in objects(repository, images, prometheus):
        await client.write(requests.apply(kind, obj, manager=MANAGER, force=True))


def objects(repository: Path, images: str, prometheus: str) -> list[tuple[Resource, JsonObject]]:
    """In order of creation."""
    subscription = {"repoURL": images, "constraint": ">=1.0.0-0", "discoveryLimit": 10}
    policies = [{"stageSelector": {"name": name}, "autoPromotionEnabled": True} for name in ("dev", "staging")]
    return [
        (CONFIG_MAPS, _rules()),
        (PROJECTS, {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": "Project", "metadata": {"name": PROJECT}}),
        (PROJECT_CONFIGS, _kargo("ProjectConfig", PROJECT, {"promotionPolicies": policies})),
        (ANALYSIS_TEMPLATES, _template(prometheus)),
        (WAREHOUSES, _kargo("Warehouse", "images", {"interval": "3s", "subscriptions": [{"image": subscription}]})),
        *((STAGES, _stage(name, repository, images)) for name in ENVIRONMENTS),
    ]


def _rules() -> JsonObject:
    """Configures simulated traffic, and that images with a tag ending in `-bad` fail under it."""
    metadata = {"name": "demo-traffic", "namespace": "argocd", "labels": {"argosy.dev/simulation-rules": "true"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"rules": RULES}}


def _kargo(kind: str, name: str, spec: JsonObject) -> JsonObject:
    metadata = {"name": name, "namespace": PROJECT}
    return {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def _template(prometheus: str) -> JsonObject:
    metric = {
        "name": "success",
        "initialDelay": "4s",
        "interval": "1s",
        "count": 3,
        "successCondition": "result[0] >= 0.95",
        "provider": {"prometheus": {"address": prometheus, "query": SUCCESS}},
    }
    metadata = {"name": "success", "namespace": PROJECT}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": metadata,
        "spec": {"metrics": [metric]},
    }


def _stage(name: str, repository: Path, images: str) -> JsonObject:
    before = {"staging": "dev", "prod": "staging"}.get(name)
    sources = {"stages": [before]} if before else {"direct": True}
    spec: JsonObject = {
        "requestedFreight": [{"origin": {"kind": "Warehouse", "name": "images"}, "sources": sources}],
        "promotionTemplate": {"spec": {"steps": _steps(name, repository.as_uri(), images)}},
    }
    if name == "staging":
        spec["verification"] = {"analysisTemplates": [{"name": "success"}]}
    return _kargo("Stage", name, spec)


def _steps(name: str, url: str, images: str) -> list[JsonObject]:
    tag = f"imageFrom('{images}').Tag"
    image = {"image": IMAGE, "newName": images, "tag": f"${{{{ quote({tag}) }}}}"}
    source = {"repoURL": url, "desiredRevision": "${{ outputs.push.commit }}"}
    return [
        {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": branch_of(name), "path": "./src"}]}},
        {"uses": "kustomize-set-image", "config": {"path": f"./src/shop/overlays/{name}", "images": [image]}},
        {"uses": "git-commit", "config": {"path": "./src", "message": f"shop ${{{{ {tag} }}}} for {name}"}},
        {"uses": "git-push", "as": "push", "config": {"path": "./src"}},
        {"uses": "argocd-update", "config": {"apps": [{"name": f"shop-{name}", "sources": [source]}]}},
    ]
