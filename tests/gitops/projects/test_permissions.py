"""What projects permit (spec 2): globs, denies, kinds, inheritance."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.argoproj.project import AppProject, AppProjectSpec
from argosy.apis.schema import read
from argosy.gitops.clusters.resolution import Cluster
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import ResourceKey
from argosy.gitops.projects import permissions as projects
from argosy.machinery.objects import GroupKind

HERE = Cluster("https://kubernetes.default.svc", "in-cluster")


@pytest.mark.parametrize(
    ("patterns", "url", "permitted"),
    [
        (["*"], "https://git.example/a/b.git", True),
        ([], "https://git.example/a", False),
        (["https://git.example/a"], "https://git.example/a.git", True),
        (["https://git.example/*"], "https://git.example/a", True),
        (["https://git.example/*"], "https://git.example/a/b", False),
        (["https://git.example/**"], "https://git.example/a/b", True),
        (["*", "!https://git.example/secret"], "https://git.example/secret", False),
        (["!https://git.example/secret", "*"], "https://git.example/secret", False),
        (["*", "!https://git.example/secret"], "https://git.example/open", True),
        (["!https://git.example/secret"], "https://git.example/open", False),
        (["https://Git.Example/a"], "https://git.example/A.git", True),
    ],
)
def test_sources(patterns: list[str], url: str, *, permitted: bool) -> None:
    assert projects.permits_source(read(AppProjectSpec, {"sourceRepos": patterns}), url) is permitted


def to(namespace: str = "*", server: str = "*", name: str = "") -> dict[str, str]:
    return {"namespace": namespace, **({"server": server} if server else {}), **({"name": name} if name else {})}


@pytest.mark.parametrize(
    ("given", "namespace", "permitted"),
    [
        ([to()], "a", True),
        ([], "a", False),
        ([to("team-*")], "team-a", True),
        ([to("team-*")], "other", False),
        ([to(server="https://elsewhere")], "a", False),
        ([to(server="", name="in-cluster")], "a", True),
        ([to(server="", name="in-*")], "a", True),
        ([to(server="", name="other")], "a", False),
        ([to(), to("!kube-system")], "kube-system", False),
        ([to("!kube-system"), to()], "kube-system", False),
        ([to(), to("!kube-system")], "a", True),
        ([to("!kube-system")], "a", False),
        ([to(), to(server="!https://kubernetes*")], "a", False),
        ([to(), to(server="!https://elsewhere")], "a", True),
    ],
)
def test_destinations(given: list[dict[str, str]], namespace: str, *, permitted: bool) -> None:
    assert projects.permits_destination(read(AppProjectSpec, {"destinations": given}), HERE, namespace) is permitted


def kind(group: str, name: str) -> list[dict[str, str]]:
    return [{"group": group, "kind": name}]


@pytest.mark.parametrize(
    ("spec", "group", "name", "namespaced", "permitted"),
    [
        ({}, "apps", "Deployment", True, True),
        ({}, "", "Namespace", False, False),
        ({"clusterResourceWhitelist": kind("*", "*")}, "", "Namespace", False, True),
        ({"clusterResourceWhitelist": kind("", "Name*")}, "", "Namespace", False, True),
        ({"clusterResourceWhitelist": kind("apps", "*")}, "", "Namespace", False, False),
        (
            {"clusterResourceWhitelist": kind("*", "*"), "clusterResourceBlacklist": kind("", "Namespace")},
            "", "Namespace", False, False,
        ),
        (
            {"clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": "team-*"}]},
            "", "Namespace", False, False,
        ),
        ({"namespaceResourceWhitelist": []}, "apps", "Deployment", True, False),
        ({"namespaceResourceWhitelist": kind("apps", "*")}, "apps", "Deployment", True, True),
        ({"namespaceResourceBlacklist": kind("apps", "*")}, "apps", "Deployment", True, False),
    ],
)  # fmt: skip
def test_kinds(spec: dict[str, Any], group: str, name: str, *, namespaced: bool, permitted: bool) -> None:
    given = read(AppProjectSpec, spec)
    assert projects.permits_kind(given, GroupKind(group, name), "x", namespaced=namespaced) is permitted


def test_one_object_is_refused_by_its_kind_or_its_namespace_in_upstreams_words() -> None:
    spec = {"destinations": [to("a")], "namespaceResourceBlacklist": kind("batch", "Job")}

    def refusal(*key: str) -> str:
        return projects.refusal_of(read(AppProjectSpec, spec), "p", ResourceKey(*key), HERE)

    assert refusal("batch", "Job", "a", "x") == "resource batch:Job is not permitted in project p"
    assert refusal("apps", "Deployment", "b", "x") == "namespace b is not permitted in project 'p'"
    assert refusal("apps", "Deployment", "a", "x") == ""


def test_a_project_inherits_from_the_global_projects_that_select_it() -> None:
    selector = {"matchLabels": {"team": "web"}}
    settings = Settings(global_projects=(("parent", selector),))
    parent: dict[str, Any] = {
        "metadata": {"name": "parent"},
        "spec": {"sourceRepos": ["b"], "syncWindows": [{"kind": "deny"}]},
    }
    ours: dict[str, Any] = {"metadata": {"name": "ours", "labels": {"team": "web"}}, "spec": {"sourceRepos": ["a"]}}
    other: dict[str, Any] = {"metadata": {"name": "other"}, "spec": {"sourceRepos": ["a"]}}

    def inherited(one: dict[str, Any]) -> dict[str, Any]:
        return projects.effective(read(AppProject, one), {"parent": read(AppProject, parent)}, settings).raw

    assert inherited(ours) == {
        "sourceRepos": ["a", "b"],
        "syncWindows": [{"kind": "deny"}],
    }
    assert inherited(other) == {"sourceRepos": ["a"]}


@pytest.mark.parametrize(
    ("namespaces", "namespace", "permitted"),
    [([], "argocd", True), ([], "team", False), (["team-*"], "team-a", True), (["team-*"], "b", False)],
)
def test_which_namespaces_applications_may_be_in(namespaces: list[str], namespace: str, *, permitted: bool) -> None:
    spec = {"sourceNamespaces": namespaces}
    assert projects.permits_namespace_of_application(read(AppProjectSpec, spec), namespace, "argocd") is permitted
