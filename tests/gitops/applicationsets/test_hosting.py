"""The hosts' clients against a real HTTP server that answers as the hosts do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from argosy.apis.argoproj.applicationset.repositories import ScmFilter
from argosy.gitops.applicationsets.generator_context import HostNotFound
from argosy.gitops.applicationsets.generators.scm import filtered
from argosy.gitops.applicationsets.hosting import WebHosting
from argosy.gitops.applicationsets.hosting.github import root_of
from argosy.gitops.applicationsets.hosting.plugin_service import PluginServices
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.runtime.clock import RealClock
from argosy.sources.egress import Egress, EgressPolicy

SHA = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "secret-canary"


def pull(number: int, *labels: str) -> Any:
    return {
        "number": number, "title": f"t{number}", "head": {"ref": f"b{number}", "sha": SHA}, "base": {"ref": "main"},
        "user": {"login": "ada"}, "labels": [{"name": label} for label in labels],
    }  # fmt: skip


def repo(name: str, number: int, **more: Any) -> Any:
    return {
        "name": name, "id": number, "owner": {"login": "acme"}, "default_branch": "main", "topics": ["team"],
        "clone_url": f"https://h/acme/{name}.git", "ssh_url": f"git@h:acme/{name}.git", **more,
    }  # fmt: skip


def project(name: str, number: int) -> Any:
    return {
        "id": number, "path": name, "namespace": {"full_path": "acme/sub"}, "default_branch": "main",
        "topics": ["team"],
        "http_url_to_repo": f"https://h/acme/sub/{name}.git", "ssh_url_to_repo": f"git@h:acme/sub/{name}.git",
    }  # fmt: skip


REPOS = [repo("api", 1), repo("web", 2), repo("old", 3, archived=True)]
MANY = [pull(number) for number in range(1, 102)]
ANSWERS: dict[str, Any] = {
    "/api/v3/orgs/acme/repos": REPOS,
    "/api/v3/repos/acme/api/branches/main": {"name": "main", "commit": {"sha": SHA}},
    "/api/v3/repos/acme/web/branches": [{"name": name, "commit": {"sha": SHA}} for name in ("main", "f/x")],
    "/api/v3/repos/acme/api/contents/deploy/k8s": [],
    "/api/v3/repos/acme/api/pulls": [pull(1, "preview", "x"), pull(2)],
    "/api/v3/repos/acme/web/pulls": MANY,
    "/api/v1/users/acme/repos": REPOS,
    "/api/v1/repos/acme/api/topics": {"topics": ["team"]},
    "/api/v1/repos/acme/web/topics": {"topics": []},
    "/api/v1/repos/acme/api/branches/main": {"name": "main", "commit": {"id": SHA}},
    "/api/v1/repos/acme/api/contents/deploy": {},
    "/api/v1/repos/acme/api/pulls": [pull(1, "preview"), pull(2)],
    "/api/v4/groups/acme/projects": [project("api", 1), project("web", 2)],
    "/api/v4/projects/1/repository/branches/main": {"name": "main", "commit": {"id": SHA}},
    "/api/v4/projects/2/repository/branches/main": {"name": "main", "commit": {"id": SHA}},
    "/api/v4/projects/1/repository/tree": [{"name": "deploy"}],
    "/api/v4/projects/2/repository/tree": [],
    "/api/v4/projects/acme/api/merge_requests": [
        {
            "iid": 7, "title": "t", "source_branch": "b", "target_branch": "main", "sha": SHA,
            "author": {"username": "ada"}, "labels": ["x"],
        }
    ],
}  # fmt: skip


class Server:
    def __init__(self) -> None:
        self.headers: list[str] = []
        self.bodies: list[Any] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(request.headers.get("Authorization", ""))
        if request.method == "POST":
            self.bodies.append(await request.json())
            return web.json_response({"output": {"parameters": [{"name": "a"}]}})
        if request.path.endswith("/slow"):
            await asyncio.Event().wait()
        if request.path not in ANSWERS:
            return web.json_response({"message": "Not Found"}, status=404)
        found = ANSWERS[request.path]
        if isinstance(found, list):
            size, page = int(request.query.get("per_page", 100)), int(request.query.get("page", 1))
            found = found[(page - 1) * size : page * size]
        return web.Response(text=json.dumps(found), content_type="application/json")


def with_server(work: Callable[[Server, Egress], Awaitable[None]]) -> None:
    async def main() -> None:
        server, egress = Server(), Egress(EgressPolicy(allow_loopback=True))
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", server.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            await work(server, egress)
        finally:
            await egress.close()
            await runner.cleanup()

    asyncio.run(main())


def test_github_repositories_are_listed_filtered_and_probed() -> None:
    async def work(server: Server, egress: Egress) -> None:
        options = {"organization": "acme", "api": server.url, "excludeArchivedRepos": True}
        host = WebHosting(egress, RealClock()).repositories("github", options, TOKEN, "", "")
        found = await filtered(host, [ScmFilter(repository_match="^a", paths_exist=("deploy/k8s",))])
        assert [(r.organization, r.repository, r.url, r.branch, r.sha) for r in found] == [
            ("acme", "api", "git@h:acme/api.git", "main", SHA)
        ]
        assert found[0].labels == ("team",)
        assert await filtered(host, [ScmFilter(repository_match="^a", paths_do_not_exist=("deploy/k8s",))]) == []
        assert await filtered(host, [ScmFilter(label_match="nope")]) == []
        every = WebHosting(egress, RealClock()).repositories(
            "github", {**options, "allBranches": True}, "", "", "https"
        )
        branches = await filtered(every, [ScmFilter(repository_match="web", branch_match="^f/")])
        assert [(r.branch, r.url) for r in branches] == [("f/x", "https://h/acme/web.git")]
        assert set(server.headers) == {f"Bearer {TOKEN}", ""}

    with_server(work)


def test_gitea_takes_a_user_where_there_is_no_organisation() -> None:
    async def work(server: Server, egress: Egress) -> None:
        options = {"owner": "acme", "api": server.url + "/", "excludeArchivedRepos": True}
        host = WebHosting(egress, RealClock()).repositories("gitea", options, TOKEN, "", "https")
        found = await filtered(host, [ScmFilter(label_match="team", paths_exist=("deploy",))])
        assert [(r.repository, r.url, r.sha) for r in found] == [("api", "https://h/acme/api.git", SHA)]
        assert set(server.headers) == {f"token {TOKEN}"}

    with_server(work)


def test_gitlab_projects_are_found_below_their_group() -> None:
    async def work(server: Server, egress: Egress) -> None:
        host = WebHosting(egress, RealClock()).repositories(
            "gitlab", {"group": "acme", "api": server.url}, TOKEN, "", ""
        )
        found = await filtered(host, [ScmFilter(paths_exist=("deploy",))])
        assert [(r.organization, r.repository, r.repository_id) for r in found] == [("acme/sub", "api", "1")]

    with_server(work)


def test_pull_requests_are_read_page_by_page_and_by_label() -> None:
    async def work(server: Server, egress: Egress) -> None:
        hosting = WebHosting(egress, RealClock())
        options = {"owner": "acme", "repo": "api", "api": server.url, "labels": ["preview"]}
        for provider in ("github", "gitea"):
            found = await hosting.pull_requests(provider, options, TOKEN, "").pull_requests()
            assert [(p.number, p.branch, p.target_branch, p.author) for p in found] == [(1, "b1", "main", "ada")]
        whole = hosting.pull_requests("github", {**options, "repo": "web", "labels": []}, TOKEN, "")
        assert len(await whole.pull_requests()) == 101
        merges = hosting.pull_requests("gitlab", {"project": "acme/api", "api": server.url}, TOKEN, "")
        assert [(p.number, p.head_sha, p.labels) for p in await merges.pull_requests()] == [(7, SHA, ("x",))]
        with pytest.raises(HostNotFound):
            await hosting.pull_requests("github", {**options, "repo": "none"}, TOKEN, "").pull_requests()

    with_server(work)


def test_a_plugin_is_asked_with_its_token_and_input_and_given_up_in_time() -> None:
    async def work(server: Server, egress: Egress) -> None:
        plugins = PluginServices(egress, RealClock())
        body = {"applicationSetName": "fleet", "input": {"parameters": {"k": 1}}}
        found = await plugins.call(f"{server.url}/api/v1/getparams.execute", TOKEN, body, 5)
        assert found == {"output": {"parameters": [{"name": "a"}]}}
        assert (server.bodies, server.headers) == ([body], [f"Bearer {TOKEN}"])

    with_server(work)


def test_addresses_of_this_machine_are_refused_by_default_and_no_message_holds_the_token() -> None:
    async def work(server: Server, egress: Egress) -> None:
        strict = Egress(EgressPolicy())
        host = WebHosting(strict, RealClock()).pull_requests("gitlab", {"project": "x", "api": server.url}, TOKEN, "")
        with pytest.raises(GeneratorError, match="this machine's own") as raised:
            await host.pull_requests()
        assert TOKEN not in str(raised.value)
        with pytest.raises(GeneratorError, match="this machine's own"):
            await PluginServices(strict, RealClock()).call(f"{server.url}/x", TOKEN, {}, 5)
        await strict.close()
        assert server.headers == []

    with_server(work)


@pytest.mark.parametrize(
    ("api", "root"),
    [
        ("", "https://api.github.com"),
        ("https://api.acme.example/", "https://api.acme.example"),
        ("https://git.example", "https://git.example/api/v3"),
        ("https://git.example/api/v3/", "https://git.example/api/v3"),
    ],
)
def test_the_address_of_an_enterprise_server_is_completed(api: str, root: str) -> None:
    assert root_of(api) == root
