"""GitHub's REST API (2022-11-28), the public one or an Enterprise server's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlsplit

from argosy.apis.argoproj.applicationset.pull_requests import PullsGithub
from argosy.apis.argoproj.applicationset.repositories import ScmGithub
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import HostNotFound, PullRequest, Repository
from argosy.gitops.applicationsets.hosting.web import Web
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PUBLIC: Final = "https://api.github.com"


class _Api:
    def __init__(self, web: Web, api: str, token: str) -> None:
        self.web = web
        self.root = root_of(api)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def repository(self, owner: str, name: str) -> str:
        return f"{self.root}/repos/{quote(owner, safe='')}/{quote(name, safe='')}"


def root_of(api: str) -> str:
    """An Enterprise server's API is below /api/v3, unless the address includes it already."""
    plain = api.rstrip("/")
    if not plain:
        return PUBLIC
    if plain.endswith("/api/v3") or (urlsplit(plain).hostname or "").startswith("api."):
        return plain
    return f"{plain}/api/v3"


class Repositories(_Api):
    """An organisation's repositories."""

    def __init__(self, web: Web, options: JsonObject, token: str, protocol: str) -> None:
        self._options = read(ScmGithub, options)
        super().__init__(web, self._options.api, token)
        self._protocol = protocol

    async def repositories(self) -> Sequence[Repository]:
        organization = quote(self._options.organization, safe="")
        try:
            found = await self.web.read_all(f"{self.root}/orgs/{organization}/repos", self.headers)
        except HostNotFound as error:
            raise GeneratorError(f"error listing repos: {error}") from None
        skipped = self._options.exclude_archived_repos
        return [self._made(item) for item in found if not (skipped and item.get("archived"))]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        root = f"{self.repository(repository.organization, repository.repository)}/branches"
        try:
            if self._options.all_branches:
                found = await self.web.read_all(root, self.headers)
            else:
                found = [await self.web.read(f"{root}/{quote(repository.branch, safe='')}", self.headers)]
        except HostNotFound:
            return []  # an empty repository has a default branch by name only
        return [on_branch(repository, item["name"], item["commit"]["sha"]) for item in found]

    async def has_path(self, repository: Repository, path: str) -> bool:
        root = self.repository(repository.organization, repository.repository)
        return await self.web.exists(
            f"{root}/contents/{quote(path)}?ref={quote(repository.branch, safe='')}", self.headers
        )

    def _made(self, item: Any) -> Repository:
        return Repository(
            organization=item["owner"]["login"],
            repository=item["name"],
            repository_id=str(item["id"]),
            url=item["clone_url"] if self._protocol == "https" else item["ssh_url"],
            branch=item.get("default_branch") or "",
            labels=tuple(item.get("topics") or ()),
        )


class PullRequests(_Api):
    """A repository's open pull requests."""

    def __init__(self, web: Web, options: JsonObject, token: str) -> None:
        self._options = read(PullsGithub, options)
        super().__init__(web, self._options.api, token)

    async def pull_requests(self) -> Sequence[PullRequest]:
        root = self.repository(self._options.owner, self._options.repo)
        found = await self.web.read_all(f"{root}/pulls", self.headers, {"state": "open"})
        return [pull for item in found if has_labels(pull := made(item), self._options.labels)]


def made(item: Any) -> PullRequest:
    """Gitea's answers have the same form."""
    return PullRequest(
        number=int(item["number"]),
        title=item.get("title") or "",
        branch=item["head"]["ref"],
        target_branch=item["base"]["ref"],
        head_sha=item["head"]["sha"],
        author=(item.get("user") or {}).get("login") or "",
        labels=tuple(label["name"] for label in item.get("labels") or ()),
    )


def has_labels(pull: PullRequest, wanted: Sequence[str]) -> bool:
    """All that are requested."""
    return set(wanted) <= set(pull.labels)


def on_branch(repository: Repository, branch: str, sha: str) -> Repository:
    return Repository(
        organization=repository.organization,
        repository=repository.repository,
        repository_id=repository.repository_id,
        url=repository.url,
        branch=branch,
        sha=sha,
        labels=repository.labels,
    )
