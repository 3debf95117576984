"""Bitbucket Cloud's API, with answers in the shape that it gives."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from argosy.apis.argoproj.applicationset.repositories import ScmFilter
from argosy.gitops.applicationsets.generator_context import HostNotFound
from argosy.gitops.applicationsets.generators.scm import filtered
from argosy.gitops.applicationsets.hosting.bitbucket import PullRequests, Repositories
from argosy.gitops.applicationsets.params import GeneratorError
from tests.kit.host import Host, basic, with_host

SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "secret-canary"


def repo(slug: str, **more: Any) -> Any:
    links = [
        {"name": "https", "href": f"https://bitbucket.org/acme/{slug}.git"},
        {"name": "ssh", "href": f"git@bitbucket.org:acme/{slug}.git"},
    ]
    return {
        "type": "repository", "slug": slug, "uuid": f"{{{slug}}}", "full_name": f"acme/{slug}",
        "mainbranch": {"type": "branch", "name": "main"}, "links": {"clone": links}, **more,
    }  # fmt: skip


def branch(name: str) -> Any:
    return {"name": name, "type": "branch", "target": {"hash": SHA, "type": "commit"}}


def pull(number: int) -> Any:
    return {
        "type": "pullrequest", "id": number, "title": f"t{number}", "state": "OPEN",
        "source": {"branch": {"name": f"b{number}"}, "commit": {"hash": SHA[:12]}},
        "destination": {"branch": {"name": "main"}}, "author": {"nickname": "ada", "display_name": "Ada"},
    }  # fmt: skip


def answers(request: web.Request) -> Any:
    """Lists in pages of two, each naming the address of the next."""
    lists = {
        "/2.0/repositories/acme": [repo("api"), repo("web"), repo("empty", mainbranch=None)],
        "/2.0/repositories/acme/web/refs/branches": [branch("main"), branch("f/x"), branch("f/y")],
        "/2.0/repositories/acme/api/pullrequests": [pull(number) for number in range(1, 6)],
    }
    if request.path in lists:
        number = int(request.query.get("page", 1))
        found, rest = lists[request.path][2 * number - 2 : 2 * number], lists[request.path][2 * number :]
        page: Any = {"pagelen": 2, "page": number, "values": found}
        if rest:
            page["next"] = str(request.url.update_query(page=number + 1))
        return page
    return {
        "/2.0/repositories/acme/api/refs/branches/main": branch("main"),
        "/2.0/repositories/acme/web/refs/branches/main": branch("main"),
        f"/2.0/repositories/acme/api/src/{SHA}/deploy/k8s": {"type": "commit_directory"},
    }.get(request.path)


def repositories(host: Host, protocol: str = "", **options: Any) -> Repositories:
    web_client = host.hosting._web("bitbucket", {}, "")
    given = {"owner": "acme", "user": "ada", **options}
    return Repositories(web_client, given, TOKEN, protocol, f"{host.url}/2.0")


def test_repositories_are_read_page_by_page_as_the_user_and_an_empty_one_is_left_out() -> None:
    async def work(host: Host) -> None:
        found = await filtered(repositories(host), [])
        assert [(r.organization, r.repository, r.repository_id, r.url, r.branch, r.sha) for r in found] == [
            ("acme", name, f"{{{name}}}", f"git@bitbucket.org:acme/{name}.git", "main", SHA) for name in ("api", "web")
        ]
        assert host.authorizations == {basic(f"ada:{TOKEN}")}
        assert host.asked[0].query["role"] == "member"

    with_host(answers, work)


def test_branches_and_paths_are_asked_for() -> None:
    async def work(host: Host) -> None:
        every = repositories(host, "https", allBranches=True)
        found = await filtered(every, [ScmFilter(repository_match="web", branch_match="^f/")])
        assert [(r.branch, r.url) for r in found] == [
            (name, "https://bitbucket.org/acme/web.git") for name in ("f/x", "f/y")
        ]
        paths = await filtered(repositories(host), [ScmFilter(paths_exist=("deploy/k8s",))])
        assert [r.repository for r in paths] == ["api"]

    with_host(answers, work)


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({}, ""),
        ({"bearerToken": {"tokenRef": {}}}, f"Bearer {TOKEN}"),
        ({"basicAuth": {"username": "ada", "passwordRef": {}}}, basic(f"ada:{TOKEN}")),
    ],
)
def test_pull_requests_are_read_page_by_page_with_either_credential(options: Any, header: str) -> None:
    async def work(host: Host) -> None:
        given = {"owner": "acme", "repo": "api", "api": f"{host.url}/2.0", **options}
        found = await host.hosting.pull_requests("bitbucket", given, TOKEN, "").pull_requests()
        assert [(p.number, p.branch, p.target_branch, p.author, p.head_sha) for p in found] == [
            (number, f"b{number}", "main", "ada", SHA[:12]) for number in range(1, 6)
        ]
        assert host.authorizations == {header}
        with pytest.raises(HostNotFound):
            await host.hosting.pull_requests("bitbucket", {**given, "repo": "none"}, TOKEN, "").pull_requests()

    with_host(answers, work)


def test_a_next_page_at_another_host_is_refused_before_it_sees_a_credential() -> None:
    async def work(host: Host) -> None:
        given = {"owner": "acme", "repo": "api", "api": f"{host.url}/2.0", "bearerToken": {}}
        with pytest.raises(GeneratorError, match="another host"):
            await host.hosting.pull_requests("bitbucket", given, TOKEN, "").pull_requests()
        assert len(host.asked) == 1

    with_host(lambda request: {"values": [], "next": "http://localhost:1/x"}, work)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "90"}, 90),
        (503, {"Retry-After": "99999"}, 3600),
        (429, {"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}, 0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999999999"}, 3600),
        (500, {"Retry-After": "soon"}, 0),
    ],
)
def test_a_host_that_is_asked_too_often_says_when_to_come_back(
    status: int, headers: dict[str, str], wait: float
) -> None:
    async def work(host: Host) -> None:
        pulls = PullRequests(
            host.hosting._web("bitbucket", {}, ""), {"owner": "acme", "repo": "api", "api": host.url}, TOKEN
        )
        with pytest.raises(GeneratorError, match=str(status)) as raised:
            await pulls.pull_requests()
        assert raised.value.retry_after == wait
        assert TOKEN not in str(raised.value)

    with_host(lambda request: web.Response(status=status, headers=headers), work)
