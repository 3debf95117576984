"""What a rendering may fetch, for whom and with whose credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from argosy.render.fetching import SourceFetcher
from argosy.render.port import RenderError
from argosy.sources.egress import Egress
from argosy.sources.git.scripted import ScriptedGit
from argosy.sources.port import AccessDenied, Credentials, NotFound, Rejected

BASE = "https://git.example.com/base.git"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


class NoCharts:
    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        raise NotFound(f"{url} {chart} {version} {credentials.username}")

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Any:
        raise AssertionError("nothing was resolved")


@pytest.fixture
def fetcher(make_bench: Callable[..., Any]) -> SourceFetcher:
    git = ScriptedGit()
    git.push(BASE, {"k/kustomization.yaml": "resources: [a.yaml]", "k/a.yaml": MANIFEST % "old"}, tag="v1")
    git.push(BASE, {"k/kustomization.yaml": "resources: [a.yaml]", "k/a.yaml": MANIFEST % "new"})
    git.push("https://git.example.com/secret.git", {"kustomization.yaml": ""})
    return SourceFetcher(
        make_bench().clock,
        git,
        NoCharts(),
        Egress(),
        lambda url, project: Credentials(username=project),
        lambda url, project: "secret" not in url,
        lambda name, project: "https://named.example.com" if (name, project) == ("ours", "web") else "",
    )


@pytest.mark.parametrize(("query", "name"), [("", "new"), ("?ref=v1", "old"), ("?ref=main", "new")])
def test_a_remote_base_is_rendered_at_its_revision(
    make_bench: Callable[..., Any], fetcher: SourceFetcher, query: str, name: str
) -> None:
    files = {"app/kustomization.yaml": f"resources: ['{BASE}/k{query}']\n".replace(".git/k", ".git//k")}
    (found,) = make_bench(fetcher=fetcher).render(files).manifests
    assert found["metadata"]["name"] == name


def test_a_project_reads_only_from_where_it_may(
    make_bench: Callable[..., Any], make_request: Callable[..., Any], fetcher: SourceFetcher
) -> None:
    request = make_request({"app/a": ""}, project="web")
    with pytest.raises(AccessDenied, match="not permitted in project 'web'"):
        asyncio.run(fetcher.root("remote https://git.example.com/secret.git", request))
    with pytest.raises(AccessDenied, match="not permitted"):
        asyncio.run(fetcher.root("chart https://secret.example.com c 1", request))
    files = {"app/kustomization.yaml": "resources: ['https://git.example.com/secret.git']\n"}
    with pytest.raises(RenderError, match="not permitted in project"):
        make_bench(fetcher=fetcher).render(files)


def test_the_projects_credentials_are_used(make_request: Callable[..., Any], fetcher: SourceFetcher) -> None:
    with pytest.raises(NotFound, match=r"https://charts\.example\.com c \^1 web"):
        asyncio.run(fetcher.root("chart https://charts.example.com c ^1", make_request({"app/a": ""}, project="web")))


@pytest.mark.parametrize("name", ["", "file /etc/passwd", "url http://127.0.0.1:1/", "url file:///etc/passwd"])
def test_nothing_else_can_be_fetched(make_request: Callable[..., Any], fetcher: SourceFetcher, name: str) -> None:
    with pytest.raises(Rejected):
        asyncio.run(fetcher.root(name, make_request({"app/a": ""})))


@pytest.mark.parametrize("spelling", ["@ours", "alias:ours"])
def test_a_dependency_may_name_the_repository_by_its_secret(
    make_request: Callable[..., Any], fetcher: SourceFetcher, spelling: str
) -> None:
    with pytest.raises(NotFound, match=r"https://named\.example\.com c 1 web"):
        asyncio.run(fetcher.root(f"chart {spelling} c 1", make_request({"app/a": ""}, project="web")))
    with pytest.raises(NotFound, match="no chart repository is configured by the name 'ours'"):
        asyncio.run(fetcher.root(f"chart {spelling} c 1", make_request({"app/a": ""}, project="else")))


def test_a_charts_named_dependency_is_fetched(make_bench: Callable[..., Any], fetcher: SourceFetcher) -> None:
    depends = "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies: [{name: d, version: '1', repository: '@ours'}]\n"
    with pytest.raises(RenderError, match=r"https://named\.example\.com d 1 web"):
        make_bench(fetcher=fetcher).render({"app/Chart.yaml": depends}, project="web")


@pytest.mark.parametrize("where", ["value file", "resource"])
def test_a_file_by_url_is_read_only_where_the_project_permits_it(
    make_bench: Callable[..., Any], fetcher: SourceFetcher, where: str
) -> None:
    url = "https://secret.example.com/values.yaml"
    files = {
        "app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
        "other/kustomization.yaml": f"resources: ['{url}']\n",
    }
    source = {"helm": {"valueFiles": [url]}} if where == "value file" else {"path": "other"}
    with pytest.raises(RenderError, match="not permitted in project"):
        make_bench(fetcher=fetcher).render(files, source=source, project="web")


def test_what_one_project_may_fetch_is_not_given_to_another_from_the_cache(
    make_bench: Callable[..., Any], fetcher: SourceFetcher
) -> None:
    fetcher._permitted = lambda url, project: project == "owner"
    files = {"app/kustomization.yaml": f"resources: ['{BASE}//k']\n"}
    bench = make_bench(fetcher=fetcher)
    assert bench.render(files, project="owner").manifests
    assert bench.render(files, project="owner").from_cache
    with pytest.raises(RenderError, match="not permitted in project"):
        bench.render(files, project="stranger")
