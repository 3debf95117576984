"""GitLab's REST API (v4)."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from argosy.apis.argoproj.applicationset.pull_requests import PullsGitlab
from argosy.apis.argoproj.applicationset.repositories import ScmGitlab
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import HostNotFound, PullRequest, Repository
from argosy.gitops.applicationsets.hosting.github import on_branch
from argosy.gitops.applicationsets.hosting.web import Web
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PUBLIC: Final = "https://gitlab.com"


class _Api:
    def __init__(self, web: Web, api: str, token: str) -> None:
        self.web = web
        plain = (api or PUBLIC).rstrip("/")
        self.root = plain if plain.endswith("/api/v4") else f"{plain}/api/v4"
        # Personal tokens are accepted as bearer tokens, too; a custom header would be sent on to redirects.
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}


class Repositories(_Api):
    """A group's projects; shared ones unless excluded, those of subgroups if requested."""

    def __init__(self, web: Web, options: JsonObject, token: str, protocol: str) -> None:
        self._options = read(ScmGitlab, options)
        super().__init__(web, self._options.api, token)
        self._protocol = protocol

    async def repositories(self) -> Sequence[Repository]:
        given = self._options
        query = {
            "include_subgroups": _word(given.include_subgroups),
            "with_shared": _word(given.include_shared_projects is not False),
        }
        if given.topic:
            query["topic"] = given.topic
        if not given.include_archived_repos:
            query["archived"] = "false"
        group = quote(given.group, safe="")
        try:
            found = await self.web.read_all(f"{self.root}/groups/{group}/projects", self.headers, query)
        except HostNotFound as error:
            raise GeneratorError(f"error listing projects: {error}") from None
        return [self._made(item) for item in found]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        root = f"{self._project(repository)}/repository/branches"
        try:
            if self._options.all_branches:
                found = await self.web.read_all(root, self.headers)
            else:
                found = [await self.web.read(f"{root}/{quote(repository.branch, safe='')}", self.headers)]
        except HostNotFound:
            return []  # an empty project has a default branch by name only
        return [on_branch(repository, item["name"], item["commit"]["id"]) for item in found]

    async def has_path(self, repository: Repository, path: str) -> bool:
        """Files and directories alike: the parent directory is listed."""
        folder, name = posixpath.split(path)
        root = f"{self._project(repository)}/repository/tree"
        try:
            found = await self.web.read_all(root, self.headers, {"path": folder, "ref": repository.branch})
        except HostNotFound:
            return False
        return any(item["name"] == name for item in found)

    def _project(self, repository: Repository) -> str:
        return f"{self.root}/projects/{quote(repository.repository_id, safe='')}"

    def _made(self, item: Any) -> Repository:
        return Repository(
            organization=item["namespace"]["full_path"],
            repository=item["path"],
            repository_id=str(item["id"]),
            url=item["http_url_to_repo"] if self._protocol == "https" else item["ssh_url_to_repo"],
            branch=item.get("default_branch") or "",
            labels=tuple(item.get("topics") or ()),
        )


class PullRequests(_Api):
    """A project's merge requests, open ones unless another state is configured."""

    def __init__(self, web: Web, options: JsonObject, token: str) -> None:
        self._options = read(PullsGitlab, options)
        super().__init__(web, self._options.api, token)

    async def pull_requests(self) -> Sequence[PullRequest]:
        project = quote(self._options.project, safe="")
        query = {"state": self._options.pull_request_state or "opened"}
        if self._options.labels:
            query["labels"] = ",".join(self._options.labels)
        found = await self.web.read_all(f"{self.root}/projects/{project}/merge_requests", self.headers, query)
        return [_merge_request(item) for item in found]


def _merge_request(item: Any) -> PullRequest:
    return PullRequest(
        number=int(item["iid"]),
        title=item.get("title") or "",
        branch=item["source_branch"],
        target_branch=item["target_branch"],
        head_sha=item["sha"],
        author=(item.get("author") or {}).get("username") or "",
        labels=tuple(item.get("labels") or ()),
    )


def _word(flag: object) -> str:
    return "true" if flag else "false"
