"""The world outside of the cluster: repositories, registries, webhooks, each loaded when it is first needed.

Their libraries take a third of a second to import, and an API server without Applications needs none of them: so that
`argosy up` is ready sooner, imports stand inside functions here, and nowhere else.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from argosy.gitops.clusters.connections import Connect
from argosy.gitops.clusters.resolution import Cluster
from argosy.render.port import RenderRequest
from argosy.runtime.chance import Rng
from argosy.runtime.clients.access import Access, fenced
from argosy.runtime.clients.counting import Counted, counting
from argosy.runtime.clients.request_metrics import RequestMetrics
from argosy.runtime.clock import Clock
from argosy.runtime.leases import Membership
from argosy.sources.port import Credentials, Further, InsteadOf, Tree

if TYPE_CHECKING:
    from argosy.cli.rooms.loading import Parts
    from argosy.cluster.admission.http_caller import HttpCaller
    from argosy.cluster.ports import ProxyRequest, ProxyResponse
    from argosy.render.fetching import SourceFetcher
    from argosy.sources.charts import ChartSources
    from argosy.sources.egress import Egress
    from argosy.sources.git.remote import GitMirrors
    from argosy.sources.git.signing import GitSignatures
    from argosy.sources.git.writing import WritingMirrors
    from argosy.sources.settings import SourceSettings
    from argosy.sources.signatures import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """`own_machine`: loopback addresses and local repositories are allowed, because whoever may write Applications may
    read the machine's repositories anyway."""

    cache_directory: Path
    own_machine: bool
    namespace: str = "argocd"
    workers: int = 10
    replicas: Membership | None = None
    """Who shares the work; None for the only process."""
    instead_of: InsteadOf | None = None
    """Repositories on this machine in the place of those that are named: in a rehearsal."""
    pulls: Callable[[str], Any] | None = None
    """Who answers for the pull requests of a repository; None: its host."""
    audits_caches: bool = True
    """Caches are compared with the API server now and then; in a rehearsal nothing can come between them."""
    read_only: bool = False
    """Nothing is sent but what reads: in a rehearsal."""
    connect: Connect | None = None
    """What cluster Secrets lead to; None: the API servers that they name."""
    shaped: Callable[[str, Parts], Parts] = lambda room, parts: parts
    """A room's parts as they are run: a rehearsal answers for the world outside."""


class Doors:
    """The real adapters, made at first use. `close` it."""

    def __init__(
        self,
        outside: Outside,
        clock: Clock,
        credentials: Callable[[str, str], Credentials],
        permitted: Callable[[str, str], bool],
        named: Callable[[str, str], str] = lambda name, project: "",
        parameters: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`parameters`: what argocd-cmd-params-cm says, read at first use."""
        self._outside, self._clock = outside, clock
        self._credentials, self._permitted, self._named = credentials, permitted, named
        self._parameters = parameters

    def credentials(self, url: str, project: str) -> Credentials:
        """What the project may use for a repository."""
        return self._credentials(url, project)

    @property
    def cache_directory(self) -> Path:
        return self._outside.cache_directory

    @property
    def own_machine(self) -> bool:
        return self._outside.own_machine

    @property
    def instead_of(self) -> InsteadOf | None:
        return self._outside.instead_of

    @property
    def pulls(self) -> Callable[[str], Any] | None:
        return self._outside.pulls

    @cached_property
    def settings(self) -> SourceSettings:
        from argosy.sources.settings import source_settings

        return source_settings(self._parameters(), os.environ)

    @cached_property
    def git(self) -> GitMirrors:
        from argosy.sources.git.mirror.settings import GitSettings
        from argosy.sources.git.remote import GitMirrors

        given = self.settings
        settings = GitSettings(
            allow_local=self._outside.own_machine,
            allow_links_out=given.allow_links_out,
            submodules=given.submodules,
            list_seconds=given.list_seconds,
            fetch_bytes=given.fetch_bytes,
            instead_of=self._outside.instead_of,
        )
        return GitMirrors(self._outside.cache_directory / "git", self._clock, settings, self.egress)

    @cached_property
    def writer(self) -> WritingMirrors:
        from argosy.sources.git.writing import WritingMirrors

        return WritingMirrors(self.git, self._clock, allow_local=self._outside.own_machine)

    @cached_property
    def egress(self) -> Egress:
        from argosy.sources.egress import Egress, EgressPolicy

        policy = EgressPolicy(allow_loopback=self._outside.own_machine, read_only=self._outside.read_only)
        return Egress(policy)

    @cached_property
    def charts(self) -> ChartSources:
        from argosy.sources.charts import ChartSources
        from argosy.sources.helm import HelmRepositories
        from argosy.sources.oci import OciRegistries

        given, directory = self.settings, self._outside.cache_directory / "charts"
        helm = HelmRepositories(self.egress, self._clock, limits=given.charts, directory=directory)
        oci = OciRegistries(
            self.egress, self._clock, limits=given.artifacts, directory=directory, media_types=given.media_types
        )
        return ChartSources(helm, oci)

    @cached_property
    def signatures(self) -> GitSignatures:
        from argosy.sources.git.signing import GitSignatures

        return GitSignatures(self.git, self._clock)

    @cached_property
    def fetcher(self) -> SourceFetcher:
        from argosy.render.fetching import SourceFetcher

        return SourceFetcher(
            self._clock, self.git, self.charts, self.egress, self._credentials, self._permitted, self._named
        )

    def open(self) -> None:
        """So that the first Application need not wait for it."""
        assert self.fetcher is not None

    async def close(self) -> None:
        if "git" in self.__dict__:
            self.git.close()
        if "egress" in self.__dict__:
            await self.egress.close()


class Git:
    """The `sources.port.GitRemote`."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        return await self._doors.git.resolve(url, revision, credentials, tag_prefix=tag_prefix, max_age=max_age)

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        return await self._doors.git.tree(url, commit, credentials, further=further)


class Charts:
    """The `sources.port.ChartRepository`."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        return await self._doors.charts.resolve(url, chart, version, credentials)

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        return await self._doors.charts.tree(url, chart, version, credentials)


class Signatures:
    """The `sources.signatures.Verifier`; with `ARGOCD_GPG_ENABLED=false` nothing speaks against anything."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def verify(
        self,
        url: str,
        commit: str,
        policy: Policy,
        keys: Mapping[str, str],
        credentials: Credentials,
        *,
        tag: str = "",
        tag_prefix: str = "",
    ) -> list[str]:
        if not self._doors.settings.verify_signatures:
            return []
        found = self._doors.signatures
        return await found.verify(url, commit, policy, keys, credentials, tag=tag, tag_prefix=tag_prefix)


class Fetcher:
    """The renderer's `Fetcher`."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    async def root(self, name: str, request: RenderRequest) -> Tree:
        return await self._doors.fetcher.root(name, request)


class Clusters:
    """`gitops.clusters.connections.Connect`: the API servers that cluster Secrets describe."""

    def __init__(self, clock: Clock, rng: Rng, may_write: Callable[[], bool], counted: Counted) -> None:
        self._clock, self._rng, self._may_write, self._counted = clock, rng, may_write, counted
        self._metrics = RequestMetrics(clock)

    @asynccontextmanager
    async def __call__(self, cluster: Cluster) -> AsyncIterator[Access]:
        from argosy.runtime.http.client import HttpClient
        from argosy.runtime.http.cluster_secret import connection_of_cluster

        connection = connection_of_cluster(cluster.server, cluster.config.reveal(), self._clock)
        async with HttpClient(connection, self._clock, self._rng, user_agent="argosy-controller") as client:
            yield counting(fenced(client, self._may_write), cluster.server, self._counted, self._metrics)


class Webhooks:
    """The API server's `Caller` of webhooks outside of this process."""

    @cached_property
    def _caller(self) -> HttpCaller:
        from argosy.cluster.admission.http_caller import HttpCaller

        return HttpCaller()

    async def post(
        self, url: str, body: bytes, ca_bundle: bytes, seconds: float, address: tuple[str, int] | None = None
    ) -> bytes:
        return await self._caller.post(url, body, ca_bundle, seconds, address)

    async def send(self, url: str, address: tuple[str, int], request: ProxyRequest) -> ProxyResponse:
        return await self._caller.send(url, address, request)

    async def close(self) -> None:
        if "_caller" in self.__dict__:
            await self._caller.close()
