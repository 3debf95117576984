"""Azure DevOps' API, with answers in its own shape: errors are distinguished by their `typeKey`."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from argosy.apis.argoproj.applicationset.repositories import ScmFilter
from argosy.gitops.applicationsets.generator_context import HostNotFound
from argosy.gitops.applicationsets.generators.scm import filtered
from argosy.gitops.applicationsets.params import GeneratorError
from tests.kit.host import Host, basic, with_host

SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "secret-canary"
ROOT = "/acme/Team Project/_apis/git"


def repo(name: str, **more: Any) -> Any:
    return {
        "id": f"id-{name}", "name": name, "defaultBranch": "refs/heads/main",
        "remoteUrl": f"https://acme@dev.azure.com/acme/Team%20Project/_git/{name}", **more,
    }  # fmt: skip


def branch(name: str) -> Any:
    return {"name": name, "commit": {"commitId": SHA}, "aheadCount": 0, "isBaseVersion": name == "main"}


def pull(number: int, repository: str = "api", **more: Any) -> Any:
    return {
        "pullRequestId": number, "title": f"t{number}", "status": "active", "repository": {"name": repository},
        "sourceRefName": f"refs/heads/b{number}", "targetRefName": "refs/heads/main",
        "lastMergeSourceCommit": {"commitId": SHA}, "createdBy": {"uniqueName": "ada@acme.example"},
        "labels": [{"name": "preview"}], **more,
    }  # fmt: skip


PULLS = [pull(n, "api" if n % 2 else "web") for n in range(1, 202)] + [pull(203, lastMergeSourceCommit=None)]


def error(status: int, type_key: str) -> web.Response:
    return web.json_response({"message": "no", "typeKey": type_key}, status=status)


def answers(request: web.Request) -> Any:
    if request.query.get("api-version") != "7.1":
        return error(400, "VssVersionNotSpecifiedException")
    if request.path == f"{ROOT}/pullrequests":
        skip, top = int(request.query["$skip"]), int(request.query["$top"])
        return {"count": top, "value": PULLS[skip : skip + top]}
    if request.path == "/acme/none/_apis/git/pullrequests":
        return error(404, "ProjectDoesNotExistWithNameException")
    if request.path.endswith("/items"):
        there = (request.path, request.query["path"]) == (f"{ROOT}/repositories/id-api/items", "/deploy")
        return {"path": "/deploy", "isFolder": True} if there else error(404, "GitItemNotFoundException")
    if request.path == f"{ROOT}/repositories/id-web/stats/branches" and "name" not in request.query:
        return {"value": [branch("main"), branch("f/x")]}
    if request.path.endswith("/stats/branches"):
        return branch(request.query["name"])
    found = [repo("api"), repo("web"), repo("empty", defaultBranch=None), repo("off", isDisabled=True)]
    return {f"{ROOT}/repositories": {"count": 4, "value": found}}.get(request.path)


def options(host: Host, **more: Any) -> Any:
    return {"organization": "acme", "teamProject": "Team Project", "api": host.url, **more}


def test_repositories_are_listed_with_their_default_branch() -> None:
    async def work(host: Host) -> None:
        found = await filtered(host.hosting.repositories("azureDevOps", options(host), TOKEN, "", ""), [])
        assert [(r.organization, r.repository, r.repository_id, r.branch, r.sha) for r in found] == [
            ("acme", "api", "id-api", "main", SHA), ("acme", "web", "id-web", "main", SHA),
        ]  # fmt: skip
        assert found[0].url == "https://acme@dev.azure.com/acme/Team%20Project/_git/api"
        assert host.authorizations == {basic(f":{TOKEN}")}
        with pytest.raises(GeneratorError, match="accessTokenRef"):
            host.hosting.repositories("azureDevOps", options(host), "", "", "")

    with_host(answers, work)


def test_branches_and_paths_are_asked_for() -> None:
    async def work(host: Host) -> None:
        every = host.hosting.repositories("azureDevOps", options(host, allBranches=True), TOKEN, "", "")
        found = await filtered(every, [ScmFilter(repository_match="web", branch_match="^f/")])
        assert [(r.branch, r.sha) for r in found] == [("f/x", SHA)]
        one = host.hosting.repositories("azureDevOps", options(host), TOKEN, "", "")
        assert [r.repository for r in await filtered(one, [ScmFilter(paths_exist=("deploy",))])] == ["api"]
        assert [r.repository for r in await filtered(one, [ScmFilter(paths_do_not_exist=("deploy",))])] == ["web"]

    with_host(answers, work)


def test_pull_requests_of_the_repository_are_picked_from_all_pages_of_the_project() -> None:
    async def work(host: Host) -> None:
        given = {"organization": "acme", "project": "Team Project", "repo": "api", "api": host.url}
        found = await host.hosting.pull_requests("azuredevops", given, TOKEN, "").pull_requests()
        assert [p.number for p in found] == list(range(1, 202, 2))
        first = found[0]
        assert (first.branch, first.target_branch, first.author, first.labels) == ("b1", "main", "ada", ("preview",))
        labelled = {**given, "labels": ["other"]}
        assert await host.hosting.pull_requests("azuredevops", labelled, "", "").pull_requests() == []
        assert host.authorizations == {basic(f":{TOKEN}"), ""}
        with pytest.raises(HostNotFound):
            await host.hosting.pull_requests("azuredevops", {**given, "project": "none"}, "", "").pull_requests()

    with_host(answers, work)


@pytest.mark.parametrize("status", [200, 203])
def test_a_page_to_sign_in_is_an_error_and_not_an_empty_list(status: int) -> None:
    async def work(host: Host) -> None:
        given = {"organization": "acme", "project": "Team Project", "repo": "api", "api": host.url}
        with pytest.raises(GeneratorError) as raised:
            await host.hosting.pull_requests("azuredevops", given, TOKEN, "").pull_requests()
        assert TOKEN not in str(raised.value)

    with_host(lambda request: web.Response(status=status, text="<html>Sign in</html>", content_type="text/html"), work)
