"""Azure DevOps' REST API (7.1), the cloud's or a server's. A token is the password of a user without a name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from argosy.apis.argoproj.applicationset.pull_requests import PullsAzureDevOps
from argosy.apis.argoproj.applicationset.repositories import ScmAzureDevOps
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import HostNotFound, PullRequest, Repository
from argosy.gitops.applicationsets.hosting.github import has_labels, on_branch
from argosy.gitops.applicationsets.hosting.web import MOST_PAGES, Web, basic
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.sources.egress import Answer, refused_status

PUBLIC: Final = "https://dev.azure.com"
VERSION: Final = "7.1"
PAGE: Final = 100
HEADS: Final = "refs/heads/"
NO_PROJECT: Final = "ProjectDoesNotExistWithNameException"
NO_ITEM: Final = "GitItemNotFoundException"
NO_REPOSITORY: Final = "GitRepositoryNotFoundException"


class _Api:
    def __init__(self, web: Web, api: str, organization: str, project: str, token: str) -> None:
        self.web = web
        plain = (api or PUBLIC).rstrip("/")
        self.root = f"{plain}/{quote(organization, safe='')}/{quote(project, safe='')}/_apis/git"
        self.headers = {"Authorization": basic("", token)} if token else {}

    def url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self.root}/{path}?{urlencode({**query, 'api-version': VERSION})}"

    async def read(self, path: str, /, *absent: str, **query: str) -> Any:
        """Raises HostNotFound if the host reports one of the `absent` errors: its 404 may mean something else."""
        answer = await self.web.get(self.url(path, query), self.headers)
        if answer.status != 200 and type_key(answer) in absent:
            raise HostNotFound(str(refused_status(answer, "the host")))
        return self.web.json(answer)


def type_key(answer: Answer) -> str:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    return str(found.get("typeKey") or "") if isinstance(found, dict) else ""


class Repositories(_Api):
    """A team project's repositories, except those without any branch. They are cloned over https."""

    def __init__(self, web: Web, options: JsonObject, token: str, protocol: str) -> None:
        self._options = given = read(ScmAzureDevOps, options)
        super().__init__(web, given.api, given.organization, given.team_project, token)
        if not token:
            raise GeneratorError("azureDevOps: accessTokenRef must lead to an access token")

    async def repositories(self) -> Sequence[Repository]:
        found = (await self.read("repositories"))["value"]
        return [self._made(item) for item in found if item.get("defaultBranch") and not item.get("isDisabled")]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        path = f"repositories/{quote(repository.repository_id, safe='')}/stats/branches"
        try:
            if self._options.all_branches:
                found = (await self.read(path, NO_REPOSITORY))["value"]
            else:
                found = [await self.read(path, NO_REPOSITORY, name=repository.branch)]
        except HostNotFound:
            return []
        return [on_branch(repository, item["name"], item["commit"]["commitId"]) for item in found]

    async def has_path(self, repository: Repository, path: str) -> bool:
        where = f"repositories/{quote(repository.repository_id, safe='')}/items"
        version = {"versionDescriptor.version": repository.branch, "versionDescriptor.versionType": "branch"}
        try:
            await self.read(where, NO_ITEM, path=f"/{path}", **version)
        except HostNotFound:
            return False
        return True

    def _made(self, item: Any) -> Repository:
        return Repository(
            organization=self._options.organization,
            repository=item["name"],
            repository_id=item["id"],
            url=item["remoteUrl"],
            branch=str(item["defaultBranch"]).removeprefix(HEADS),
        )


class PullRequests(_Api):
    """A repository's active pull requests, filtered from those of its project."""

    def __init__(self, web: Web, options: JsonObject, token: str) -> None:
        self._options = given = read(PullsAzureDevOps, options)
        super().__init__(web, given.api, given.organization, given.project, token)

    async def pull_requests(self) -> Sequence[PullRequest]:
        wanted = self._options.repo
        found = [item for item in await self._all() if item["repository"]["name"] == wanted]
        # One that was opened just now has no commit yet.
        pulls = [_pull_request(item) for item in found if item.get("lastMergeSourceCommit")]
        return [pull for pull in pulls if has_labels(pull, self._options.labels)]

    async def _all(self) -> list[Any]:
        made: list[Any] = []
        for _ in range(MOST_PAGES):
            page = {"$top": str(PAGE), "$skip": str(len(made)), "searchCriteria.status": "active"}
            found = (await self.read("pullrequests", NO_PROJECT, **page))["value"]
            made += found
            if len(found) < PAGE:
                return made
        raise GeneratorError(f"the host has more than {MOST_PAGES} pages")


def _pull_request(item: Any) -> PullRequest:
    return PullRequest(
        number=int(item["pullRequestId"]),
        title=item.get("title") or "",
        branch=str(item["sourceRefName"]).removeprefix(HEADS),
        target_branch=str(item["targetRefName"]).removeprefix(HEADS),
        head_sha=item["lastMergeSourceCommit"]["commitId"],
        author=str((item.get("createdBy") or {}).get("uniqueName") or "").partition("@")[0],
        labels=tuple(label["name"] for label in item.get("labels") or ()),
    )
