"""Bitbucket Server's and Data Center's REST API (1.0). Lists contain the start of their next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from argosy.apis.argoproj.applicationset.pull_requests import PullsBitbucketServer
from argosy.apis.argoproj.applicationset.repositories import ScmBitbucketServer
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import HostNotFound, PullRequest, Repository
from argosy.gitops.applicationsets.hosting.bitbucket import authorization_of
from argosy.gitops.applicationsets.hosting.github import on_branch
from argosy.gitops.applicationsets.hosting.web import MOST_PAGES, Web
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

NO_CONTENT: Final = 204


class _Api:
    def __init__(self, web: Web, api: str, project: str, authorization: str) -> None:
        self.web = web
        plain = api.rstrip("/")
        self.root = f"{plain if plain.endswith('/rest') else plain + '/rest'}/api/1.0"
        self.project = project
        # Without the second header the server treats requests with credentials as a browser's.
        self.headers = {"Authorization": authorization, "X-Atlassian-Token": "no-check"} if authorization else {}

    def repository(self, project: str, name: str) -> str:
        return f"{self.root}/projects/{quote(project, safe='')}/repos/{quote(name, safe='')}"

    async def values(self, url: str) -> list[Any]:
        made: list[Any] = []
        start = 0
        for _ in range(MOST_PAGES):
            found = await self.web.read(f"{url}?{urlencode({'limit': 100, 'start': start})}", self.headers)
            made += found["values"]
            if found.get("isLastPage", True):
                return made
            start = int(found["nextPageStart"])
        raise GeneratorError(f"the host has more than {MOST_PAGES} pages")


class Repositories(_Api):
    """A project's repositories, except those without any branch."""

    def __init__(self, web: Web, options: JsonObject, token: str, protocol: str) -> None:
        self._options = read(ScmBitbucketServer, options)
        super().__init__(web, self._options.api, self._options.project, authorization_of(options, token))
        self._protocol = "http" if protocol == "https" else "ssh"
        self._slugs: dict[str, str] = {}
        """By id: a repository's name may contain characters that are not allowed in an address."""

    async def repositories(self) -> Sequence[Repository]:
        try:
            found = await self.values(f"{self.root}/projects/{quote(self.project, safe='')}/repos")
        except HostNotFound as error:
            raise GeneratorError(f"error listing repositories: {error}") from None
        made = [await self._made(item) for item in found]
        return [repository for repository in made if repository is not None]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        if not self._options.all_branches:
            return [repository]
        found = await self.values(f"{self._address(repository)}/branches")
        return [on_branch(repository, item["displayId"], item["latestCommit"]) for item in found]

    async def has_path(self, repository: Repository, path: str) -> bool:
        query = urlencode({"at": repository.branch, "type": "true"})
        return await self.web.exists(f"{self._address(repository)}/browse/{quote(path)}?{query}", self.headers)

    def _address(self, repository: Repository) -> str:
        return self.repository(repository.organization, self._slugs[repository.repository_id])

    async def _made(self, item: Any) -> Repository | None:
        project, slug = item["project"]["key"], item["slug"]
        self._slugs[str(item["id"])] = slug
        branch = await self._default_branch(project, slug)
        if branch is None:
            return None
        links = {link["name"]: link["href"] for link in item["links"]["clone"]}
        return Repository(
            organization=project,
            repository=item["name"],
            repository_id=str(item["id"]),
            url=links.get(self._protocol, ""),
            branch=branch["displayId"],
            sha=branch["latestCommit"],
        )

    async def _default_branch(self, project: str, name: str) -> Any:
        """None for an empty repository: the host answers 404, or an empty body."""
        answer = await self.web.get(f"{self.repository(project, name)}/branches/default", self.headers)
        if answer.status in (404, NO_CONTENT) or (answer.status == 200 and not answer.body.strip()):
            return None
        return self.web.json(answer)


class PullRequests(_Api):
    """A repository's open pull requests. They have no labels."""

    def __init__(self, web: Web, options: JsonObject, token: str) -> None:
        self._options = read(PullsBitbucketServer, options)
        super().__init__(web, self._options.api, self._options.project, authorization_of(options, token))

    async def pull_requests(self) -> Sequence[PullRequest]:
        root = self.repository(self.project, self._options.repo)
        return [_pull_request(item) for item in await self.values(f"{root}/pull-requests")]


def _pull_request(item: Any) -> PullRequest:
    return PullRequest(
        number=int(item["id"]),
        title=item.get("title") or "",
        branch=item["fromRef"]["displayId"],
        target_branch=item["toRef"]["displayId"],
        head_sha=item["fromRef"]["latestCommit"],
        author=((item.get("author") or {}).get("user") or {}).get("name") or "",
    )
