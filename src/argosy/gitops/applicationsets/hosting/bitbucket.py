"""Bitbucket Cloud's REST API (2.0). Lists contain the address of their next page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from argosy.apis.argoproj.applicationset.pull_requests import PullsBitbucket
from argosy.apis.argoproj.applicationset.references import ProviderCredentials
from argosy.apis.argoproj.applicationset.repositories import ScmBitbucket
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import HostNotFound, PullRequest, Repository
from argosy.gitops.applicationsets.hosting.github import on_branch
from argosy.gitops.applicationsets.hosting.web import MOST_PAGES, Web, basic
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject

PUBLIC: Final = "https://api.bitbucket.org/2.0"


class _Api:
    def __init__(self, web: Web, root: str, authorization: str) -> None:
        self.web = web
        self.root = root.rstrip("/")
        self.headers = {"Authorization": authorization} if authorization else {}

    def repository(self, owner: str, name: str) -> str:
        return f"{self.root}/repositories/{quote(owner, safe='')}/{quote(name, safe='')}"

    async def values(self, url: str, **query: str) -> list[Any]:
        """All pages; the next one must be on the same host, since credentials are sent with the request."""
        made: list[Any] = []
        following = f"{url}?{urlencode({'pagelen': '50', **query})}"
        for _ in range(MOST_PAGES):
            found = await self.web.read(following, self.headers)
            made += found["values"]
            if not found.get("next"):
                return made
            following = str(found["next"])
            if urlsplit(following)[:2] != urlsplit(self.root)[:2]:
                raise GeneratorError("bitbucket: the next page of a list is at another host")
        raise GeneratorError(f"the host has more than {MOST_PAGES} pages")


class Repositories(_Api):
    """The workspace's repositories of which the user is a member."""

    def __init__(self, web: Web, options: JsonObject, token: str, protocol: str, root: str = PUBLIC) -> None:
        given = read(ScmBitbucket, options)
        super().__init__(web, root, basic(given.user, token) if token else "")
        self._owner = given.owner
        self._all_branches = given.all_branches
        self._protocol = protocol or "ssh"

    async def repositories(self) -> Sequence[Repository]:
        url = f"{self.root}/repositories/{quote(self._owner, safe='')}"
        try:
            found = await self.values(url, role="member")
        except HostNotFound as error:
            raise GeneratorError(f"error listing repositories: {error}") from None
        return [self._made(item) for item in found if item.get("mainbranch")]

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        url = f"{self.repository(self._owner, repository.repository)}/refs/branches"
        try:
            if self._all_branches:
                found = await self.values(url)
            else:
                found = [await self.web.read(f"{url}/{quote(repository.branch, safe='')}", self.headers)]
        except HostNotFound:
            return []  # an empty repository has a main branch by name only
        return [on_branch(repository, item["name"], item["target"]["hash"]) for item in found]

    async def has_path(self, repository: Repository, path: str) -> bool:
        source = f"{self.repository(self._owner, repository.repository)}/src/{quote(repository.sha)}/{quote(path)}"
        return await self.web.exists(f"{source}?format=meta", self.headers)

    def _made(self, item: Any) -> Repository:
        links = {link["name"]: link["href"] for link in item["links"]["clone"]}
        if self._protocol not in links:
            raise GeneratorError(f"bitbucket: {item['slug']} cannot be cloned by {self._protocol}")
        return Repository(
            organization=self._owner,
            repository=item["slug"],
            repository_id=item["uuid"],
            url=links[self._protocol],
            branch=item["mainbranch"]["name"],
        )


class PullRequests(_Api):
    """A repository's open pull requests. They have no labels."""

    def __init__(self, web: Web, options: JsonObject, token: str) -> None:
        self._options = read(PullsBitbucket, options)
        super().__init__(web, self._options.api or PUBLIC, authorization_of(options, token))

    async def pull_requests(self) -> Sequence[PullRequest]:
        root = self.repository(self._options.owner, self._options.repo)
        found = await self.values(f"{root}/pullrequests", state="OPEN")
        return [_pull_request(item) for item in found]


def authorization_of(options: JsonObject, token: str) -> str:
    """With `bearerToken` or `basicAuth`; the server's generator has the same fields."""
    given = read(ProviderCredentials, options)
    if given.bearer_token is not None:
        return f"Bearer {token}"
    return basic(given.basic_auth.username, token) if given.basic_auth is not None else ""


def _pull_request(item: Any) -> PullRequest:
    return PullRequest(
        number=int(item["id"]),
        title=item.get("title") or "",
        branch=item["source"]["branch"]["name"],
        target_branch=item["destination"]["branch"]["name"],
        head_sha=item["source"]["commit"]["hash"],
        author=(item.get("author") or {}).get("nickname") or "",
    )
