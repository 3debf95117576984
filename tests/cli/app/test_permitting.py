"""What Argo CD's API refuses before it stores an Application is refused over a kubeconfig, too, with its words."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from argosy.cli.app.permitting import refusal
from argosy.machinery.objects import JsonObject

HERE = "https://kubernetes.default.svc"
REPO = "https://git.example.com/team/shop.git"


def app(project: str = "team", *, lies_in: str = "argocd", repo: str = REPO, **destination: str) -> JsonObject:
    spec = {
        "project": project,
        "source": {"repoURL": repo, "path": "deploy"},
        "destination": destination or {"server": HERE, "namespace": "shop"},
    }
    return {"metadata": {"name": "web", "namespace": lies_in}, "spec": spec}


def project(name: str = "team", **spec: Any) -> JsonObject:
    places = [{"server": HERE, "namespace": "shop"}]
    allowed = {"sourceRepos": ["https://git.example.com/team/*"], "destinations": places}
    return {"metadata": {"name": name, "namespace": "argocd"}, "spec": {**allowed, **spec}}


def secret(kind: str, **data: str) -> JsonObject:
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in data.items()}
    labels = {"argocd.argoproj.io/secret-type": kind}
    return {"metadata": {"name": f"{kind}-{data.get('name', 'x')}", "labels": labels}, "data": encoded}


def said(
    one: JsonObject, permits: JsonObject | None = None, *secrets: JsonObject, config: JsonObject | None = None
) -> str:
    known = {str(item["metadata"]["name"]): item for item in (permits or project(),)}
    return refusal(one, known, list(secrets), config or {}, "argocd")


def test_what_the_project_permits_is_not_refused() -> None:
    assert said(app()) == ""


NO_PROJECT = 'app is not allowed in project "{}", or the project does not exist'
INVALID = "application spec for web is invalid: InvalidSpecError: "
OTHER_REPO = "application repo https://else.example.com/x.git is not permitted in project 'team'"
ELSEWHERE = (
    f"application destination server '{HERE}' and namespace 'kube-system' do not match any of the allowed "
    "destinations in project 'team'"
)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (app("none"), NO_PROJECT.format("none")),
        (app(lies_in="tenant"), NO_PROJECT.format("team")),
        (app(repo="https://else.example.com/x.git"), INVALID + OTHER_REPO),
        (app(server=HERE, namespace="kube-system"), INVALID + ELSEWHERE),
        (
            app(repo="https://else.example.com/x.git", server=HERE, namespace="kube-system"),
            f"{INVALID}{OTHER_REPO}; InvalidSpecError: {ELSEWHERE}",
        ),
    ],
)
def test_what_the_project_forbids_is_refused_in_the_words_of_the_api(one: JsonObject, text: str) -> None:
    assert said(one) == text


def test_an_unknown_cluster_is_named() -> None:
    assert said(app(name="far", namespace="shop")).startswith("application destination spec for web is invalid: ")
    far = secret("cluster", name="far", server="https://far.example.com")
    anywhere = project(destinations=[{"name": "far", "namespace": "*"}])
    assert said(app(name="far", namespace="shop"), anywhere, far) == ""


def test_a_cluster_and_a_repository_of_the_project_are_permitted() -> None:
    bare = project(sourceRepos=[], destinations=[])
    mine = secret("repository", url=REPO, project="team")
    far = secret("cluster", name="far", server="https://far.example.com", project="team")
    there = app(server="https://far.example.com", namespace="any")
    assert said(there, bare, mine, far) == ""
    others = secret("repository", url=REPO, project="others")
    assert "application repo" in said(there, bare, others, far)


def test_an_application_elsewhere_needs_its_namespace_in_the_project() -> None:
    assert said(app(lies_in="tenant"), project(sourceNamespaces=["ten*"])) == ""
