"""What a rendering may read besides its own repository: remote bases, chart dependencies, value files by URL.

The name comes from the worker, from a string in a repository. Here, in the parent, it is decided whether the
application's project may read from there, with whose credentials, and under the egress policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qs

from argosy.render.files import FILE_LIMIT
from argosy.render.port import RenderRequest
from argosy.render.workers.workspace import BODY
from argosy.runtime.clock import Clock
from argosy.sources.egress import Egress, refused_status
from argosy.sources.port import AccessDenied, ChartRepository, Credentials, GitRemote, NotFound, Rejected, Tree
from argosy.sources.scrub import scrub
from argosy.sources.tree import MemoryStorage, RootedTree

REMOTE_MAX_AGE: Final = 60.0
"""Maximum age in seconds of a remote base's list of references."""

Permitted = Callable[[str, str], bool]
"""(repository URL, project) -> whether the project's sourceRepos allow it."""

Named = Callable[[str, str], str]
"""(name, project) -> the URL of the chart repository whose Secret has this name, or ""."""

CredentialsFor = Callable[[str, str], Credentials]
"""(repository URL, project) -> the credentials: `CredentialBook.credentials`."""


class SourceFetcher:
    """The `renderer.Fetcher` based on the sources' ports."""

    def __init__(
        self,
        clock: Clock,
        git: GitRemote,
        charts: ChartRepository,
        egress: Egress,
        credentials: CredentialsFor,
        permitted: Permitted,
        named: Named = lambda name, project: "",
    ) -> None:
        self._named = named
        self._clock = clock
        self._git = git
        self._charts = charts
        self._egress = egress
        self._credentials = credentials
        self._permitted = permitted

    async def root(self, name: str, request: RenderRequest) -> Tree:
        kind, _, rest = name.partition(" ")
        match kind:
            case "remote":
                return await self._remote(rest, request.project)
            case "chart":
                return await self._chart(rest, request)
            case "url":
                return await self._url(rest, request.project)
        raise Rejected(f"{scrub(name)}: cannot be fetched")

    async def _remote(self, text: str, project: str) -> Tree:
        url, _, query = text.partition("?")
        revision = next((values[0] for key, values in parse_qs(query).items() if key in ("ref", "version")), "")
        credentials = self._allowed(url, project)
        commit = await self._git.resolve(url, revision, credentials, max_age=REMOTE_MAX_AGE)
        return await self._git.tree(url, commit, credentials, further=lambda found: self._allowed(found, project))

    async def _chart(self, text: str, request: RenderRequest) -> Tree:
        url, chart, wanted = [*text.split(" ", 2), "", ""][:3]
        url = self._meant(url, request.project)
        credentials = self._allowed(url, request.project)
        if (request.source.get("helm") or {}).get("passCredentials"):
            credentials = replace(credentials, pass_credentials=True)
        version = await self._charts.resolve(url, chart, wanted, credentials)
        return await self._charts.tree(url, chart, version, credentials)

    def _meant(self, url: str, project: str) -> str:
        """A repository by the name of its Secret (`@name`, `alias:name`), or the URL itself."""
        name = url.removeprefix("@").removeprefix("alias:")
        if name == url:
            return url
        if found := self._named(name, project):
            return found
        raise NotFound(f"no chart repository is configured by the name {scrub(name)!r}")

    async def _url(self, url: str, project: str) -> Tree:
        """Without credentials, as a file is not a repository; the project must permit its location like any source."""
        if not self._permitted(url, project):
            raise AccessDenied(f"{scrub(url)} is not permitted in project {project!r}")
        answer = await self._clock.external(self._egress.get(url, Credentials(), limit=FILE_LIMIT))
        if answer.status != 200:
            raise refused_status(answer, "failed to get the value file")
        return RootedTree(MemoryStorage({BODY: answer.body}))

    def _allowed(self, url: str, project: str) -> Credentials:
        if not self._permitted(url, project):
            raise AccessDenied(f"repository {scrub(url)} is not permitted in project {project!r}")
        return self._credentials(url, project)
