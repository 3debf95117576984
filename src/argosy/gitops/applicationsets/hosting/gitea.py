"""Gitea's REST API (v1), which is also Forgejo's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from argosy.apis.argoproj.applicationset.pull_requests import PullsGitea
from argosy.apis.argoproj.applicationset.repositories import ScmGitea
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import HostNotFound, PullRequest, Repository
from argosy.gitops.applicationsets.hosting.github import has_labels, made, on_branch
from argosy.gitops.applicationsets.hosting.web import Web
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PAGE = 50


class _Api:
    def __init__(self, web: Web, api: str, token: str) -> None:
        self.web = web
        self.root = api.rstrip("/") + "/api/v1"
        self.headers = {"Authorization": f"token {token}"} if token else {}

    def repository(self, owner: str, name: str) -> str:
        return f"{self.root}/repos/{quote(owner, safe='')}/{quote(name, safe='')}"


class Repositories(_Api):
    """Repositories of an organisation, or else of a user."""

    def __init__(self, web: Web, options: JsonObject, token: str, protocol: str) -> None:
        self._options = read(ScmGitea, options)
        super().__init__(web, self._options.api, token)
        self._protocol = protocol

    async def repositories(self) -> Sequence[Repository]:
        owner = quote(self._options.owner, safe="")
        try:
            found = await self.web.read_all(f"{self.root}/orgs/{owner}/repos", self.headers, size=PAGE)
        except HostNotFound:
            found = await self._of_user(owner)
        skipped = self._options.exclude_archived_repos
        return [await self._made(item) for item in found if not (skipped and item.get("archived"))]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        root = f"{self.repository(repository.organization, repository.repository)}/branches"
        try:
            if self._options.all_branches:
                found = await self.web.read_all(root, self.headers, size=PAGE)
            else:
                found = [await self.web.read(f"{root}/{quote(repository.branch, safe='')}", self.headers)]
        except HostNotFound:
            return []  # an empty repository has a default branch by name only
        return [on_branch(repository, item["name"], item["commit"]["id"]) for item in found]

    async def has_path(self, repository: Repository, path: str) -> bool:
        root = self.repository(repository.organization, repository.repository)
        return await self.web.exists(
            f"{root}/contents/{quote(path)}?ref={quote(repository.branch, safe='')}", self.headers
        )

    async def _of_user(self, owner: str) -> list[Any]:
        try:
            return await self.web.read_all(f"{self.root}/users/{owner}/repos", self.headers, size=PAGE)
        except HostNotFound as error:
            raise GeneratorError(f"error listing repos: {error}") from None

    async def _made(self, item: Any) -> Repository:
        owner = item["owner"]["login"]
        topics = await self.web.read(f"{self.repository(owner, item['name'])}/topics", self.headers)
        return Repository(
            organization=owner,
            repository=item["name"],
            repository_id=str(item["id"]),
            url=item["clone_url"] if self._protocol == "https" else item["ssh_url"],
            branch=item.get("default_branch") or "",
            labels=tuple(topics.get("topics") or ()),
        )


class PullRequests(_Api):
    """A repository's open pull requests."""

    def __init__(self, web: Web, options: JsonObject, token: str) -> None:
        self._options = read(PullsGitea, options)
        super().__init__(web, self._options.api, token)

    async def pull_requests(self) -> Sequence[PullRequest]:
        root = self.repository(self._options.owner, self._options.repo)
        found = await self.web.read_all(f"{root}/pulls", self.headers, {"state": "open"}, size=PAGE)
        return [pull for item in found if has_labels(pull := made(item), self._options.labels)]
