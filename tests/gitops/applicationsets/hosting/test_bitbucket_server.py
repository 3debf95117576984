"""Bitbucket Server's API, with answers in the shape that it gives."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from argosy.apis.argoproj.applicationset.repositories import ScmFilter
from argosy.gitops.applicationsets.generator_context import HostNotFound
from argosy.gitops.applicationsets.generators.scm import filtered
from tests.kit.host import Host, basic, with_host

SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "secret-canary"
ROOT = "/rest/api/1.0/projects/ACME/repos"


def repo(number: int, slug: str, name: str) -> Any:
    links = [
        {"name": "http", "href": f"https://bb.example/scm/acme/{slug}.git"},
        {"name": "ssh", "href": f"ssh://git@bb.example:7999/acme/{slug}.git"},
    ]
    return {"id": number, "slug": slug, "name": name, "project": {"key": "ACME"}, "links": {"clone": links}}


def branch(name: str) -> Any:
    return {"id": f"refs/heads/{name}", "displayId": name, "latestCommit": SHA, "isDefault": name == "main"}


def pull(number: int) -> Any:
    return {
        "id": number, "title": f"t{number}", "state": "OPEN",
        "fromRef": {"id": f"refs/heads/b{number}", "displayId": f"b{number}", "latestCommit": SHA},
        "toRef": {"id": "refs/heads/main", "displayId": "main"}, "author": {"user": {"name": "ada"}},
    }  # fmt: skip


def answers(request: web.Request) -> Any:
    """Lists in pages of two, each saying where the next one starts."""
    lists = {
        ROOT: [
            repo(1, "the-api", "The API"),
            repo(2, "web", "web"),
            repo(3, "empty", "empty"),
            repo(4, "unset", "unset"),
        ],
        f"{ROOT}/web/branches": [branch("main"), branch("f/x"), branch("f/y")],
        f"{ROOT}/web/pull-requests": [pull(number) for number in range(1, 6)],
    }
    if request.path in lists:
        start, found = int(request.query["start"]), lists[request.path]
        is_last = start + 2 >= len(found)
        page: Any = {"start": start, "limit": 2, "isLastPage": is_last, "values": found[start : start + 2]}
        return page if is_last else {**page, "nextPageStart": start + 2}
    if request.path == f"{ROOT}/unset/branches/default":
        return web.Response(status=204)
    return {
        f"{ROOT}/the-api/branches/default": branch("main"),
        f"{ROOT}/web/branches/default": branch("main"),
        f"{ROOT}/the-api/browse/deploy": {"type": "DIRECTORY"},
    }.get(request.path)


def test_repositories_are_read_page_by_page_and_empty_ones_are_left_out() -> None:
    async def work(host: Host) -> None:
        given = {"project": "ACME", "api": host.url, "basicAuth": {"username": "ada"}}
        found = await filtered(host.hosting.repositories("bitbucketServer", given, TOKEN, "", ""), [])
        assert [(r.organization, r.repository, r.repository_id, r.url, r.branch, r.sha) for r in found] == [
            ("ACME", "The API", "1", "ssh://git@bb.example:7999/acme/the-api.git", "main", SHA),
            ("ACME", "web", "2", "ssh://git@bb.example:7999/acme/web.git", "main", SHA),
        ]
        assert host.authorizations == {basic(f"ada:{TOKEN}")}
        assert host.asked[0].headers["X-Atlassian-Token"] == "no-check"

    with_host(answers, work)


def test_branches_and_paths_are_asked_for() -> None:
    async def work(host: Host) -> None:
        given = {"project": "ACME", "api": f"{host.url}/rest/", "allBranches": True}
        every = host.hosting.repositories("bitbucketServer", given, "", "", "https")
        found = await filtered(every, [ScmFilter(repository_match="web", branch_match="^f/")])
        assert [(r.branch, r.url) for r in found] == [
            (name, "https://bb.example/scm/acme/web.git") for name in ("f/x", "f/y")
        ]
        one = host.hosting.repositories("bitbucketServer", {**given, "allBranches": False}, "", "", "")
        assert [r.repository for r in await filtered(one, [ScmFilter(paths_exist=("deploy",))])] == ["The API"]
        assert host.authorizations == {""}

    with_host(answers, work)


def test_pull_requests_are_read_page_by_page() -> None:
    async def work(host: Host) -> None:
        given = {"project": "ACME", "repo": "web", "api": host.url, "bearerToken": {}}
        found = await host.hosting.pull_requests("bitbucketServer", given, TOKEN, "").pull_requests()
        assert [(p.number, p.branch, p.target_branch, p.author, p.head_sha) for p in found] == [
            (number, f"b{number}", "main", "ada", SHA) for number in range(1, 6)
        ]
        assert host.authorizations == {f"Bearer {TOKEN}"}
        with pytest.raises(HostNotFound):
            await host.hosting.pull_requests("bitbucketServer", {**given, "repo": "x"}, TOKEN, "").pull_requests()

    with_host(answers, work)
