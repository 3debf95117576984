"""A small delivery to rehearse: a repository with an overlay for each environment, and what follows it."""

from __future__ import annotations

import subprocess
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from argosy.cli.rehearse import played
from argosy.machinery.objects import JsonObject
from argosy.rehearse.changes import Change
from argosy.rehearse.play import Proposal
from argosy.rehearse.report import Report
from argosy.rehearse.scenario import scenario_of

URL = "https://git.example.com/acme/shop.git"
IMAGE = "registry.example/shop"
START = datetime(2030, 1, 1, tzinfo=UTC)
WHO = {"GIT_AUTHOR_NAME": "Dana", "GIT_AUTHOR_EMAIL": "d@example.com", "GIT_COMMITTER_NAME": "Dana"}
AUTHORIZED = "kargo.akuity.io/authorized-stage"
KNOWN = {"registries": [{"repository": IMAGE, "tags": ["1.0.0"]}]}


def git(directory: Path, *arguments: str) -> str:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "GIT_COMMITTER_EMAIL": "d@example.com", **WHO}
    done = subprocess.run(
        ["git", *arguments], cwd=directory, capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout.strip()


def workload(kind: str = "Deployment", *, replicas: int = 1, **more: Any) -> JsonObject:
    group = "apps/v1" if kind == "Deployment" else "argoproj.io/v1alpha1"
    template = {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {"containers": [{"name": "shop", "image": f"{IMAGE}:1.0.0"}]},
    }
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "shop"}}, "template": template, **more}
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "shop"}, "spec": spec}


def repository(directory: Path, files: dict[str, Any]) -> Path:
    """A checkout with one commit on `main`; values that are no text become YAML."""
    directory.mkdir(parents=True)
    for path, content in files.items():
        write(directory, path, content)
    git(directory, "init", "--quiet", "--initial-branch=main")
    commit(directory, "first")
    return directory


def write(directory: Path, path: str, content: Any) -> None:
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def commit(directory: Path, message: str) -> str:
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", message)
    return git(directory, "rev-parse", "HEAD")


def overlay(kind: str = "Deployment", **more: Any) -> dict[str, Any]:
    """Of a directory: a kustomization with one workload."""
    images = [{"name": IMAGE, "newTag": "1.0.0"}]
    return {
        "kustomization.yaml": {"resources": ["workload.yaml"], "images": images},
        "workload.yaml": workload(kind, **more),
    }


def application(name: str, path: str, *, branch: str = "main", server: str = "", **more: Any) -> JsonObject:
    automated = {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["CreateNamespace=true"]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "annotations": {AUTHORIZED: f"shop:{name}"}},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "path": path, "targetRevision": branch},
            "destination": {"server": server or "https://kubernetes.default.svc", "namespace": name},
            "syncPolicy": automated,
            **more,
        },
    }  # fmt: skip


def kargo(kind: str, name: str, spec: JsonObject | None = None) -> JsonObject:
    metadata = {"name": name} if kind == "Project" else {"name": name, "namespace": "shop"}
    made = {"apiVersion": "kargo.akuity.io/v1alpha1", "kind": kind, "metadata": metadata}
    return made if spec is None else {**made, "spec": spec}


def project(*automatic: str) -> list[JsonObject]:
    policies = [{"stageSelector": {"name": name}, "autoPromotionEnabled": True} for name in automatic]
    subscription = {"image": {"repoURL": IMAGE, "constraint": ">=1.0.0", "discoveryLimit": 5}}
    return [
        kargo("Project", "shop"),
        kargo("ProjectConfig", "shop", {"promotionPolicies": policies}),
        kargo("Warehouse", "images", {"interval": "1h", "subscriptions": [subscription]}),
    ]


def stage(
    name: str, before: str = "", *, soak: str = "", steps: list[JsonObject] | None = None, **more: Any
) -> JsonObject:
    sources: JsonObject = {"stages": [before]} if before else {"direct": True}
    if soak:
        sources["requiredSoakTime"] = soak
    request = {"origin": {"kind": "Warehouse", "name": "images"}, "sources": sources}
    template = {"spec": {"steps": steps if steps is not None else pushing(name)}}
    return kargo("Stage", name, {"requestedFreight": [request], "promotionTemplate": template, **more})


def cloned(name: str, branch: str = "main") -> list[JsonObject]:
    tag = f"imageFrom('{IMAGE}').Tag"
    image = {"image": IMAGE, "tag": f"${{{{ quote({tag}) }}}}"}
    return [
        {"uses": "git-clone", "config": {"repoURL": URL, "checkout": [{"branch": branch, "path": "./src"}]}},
        {"uses": "kustomize-set-image", "config": {"path": f"./src/{name}", "images": [image]}},
        {"uses": "git-commit", "config": {"path": "./src", "message": f"{name} takes ${{{{ {tag} }}}}"}},
    ]


def pushing(name: str) -> list[JsonObject]:
    source = {"repoURL": URL, "desiredRevision": "${{ outputs.push.commit }}"}
    return [
        *cloned(name),
        {"uses": "git-push", "as": "push", "config": {"path": "./src"}},
        {"uses": "argocd-update", "config": {"apps": [{"name": name, "sources": [source]}]}},
    ]


def rehearsed(
    directory: Path,
    objects: list[JsonObject],
    changes: Sequence[Change],
    scenario: JsonObject | None = None,
    *,
    seed: int = 0,
) -> Report:
    """From a checkout at `directory`, which replaces the repository at URL."""
    options = Namespace(repository=[f"{URL}={directory}"], namespace="argocd")
    given = scenario_of(yaml.safe_dump({**KNOWN, "start": START.isoformat(), **(scenario or {})}))
    proposal = Proposal(name="test", seed=seed, objects=objects, changes=changes, scenario=given)
    return played(options, proposal)


def texts(report: Report, kind: str, name: str = "") -> list[str]:
    return [one.text for one in report.timeline if one.kind == kind and one.name.startswith(name)]
