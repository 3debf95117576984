"""The context of a generator: its set, the template engine, and the adapters it may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from argosy.gitops.applicationsets.options import Options
from argosy.gitops.applicationsets.template import Engine
from argosy.machinery.objects import JsonObject
from argosy.sources.port import Credentials, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One branch of a repository at a host."""

    organization: str
    repository: str
    repository_id: str
    url: str
    branch: str
    sha: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """One open pull request."""

    number: int
    title: str
    branch: str
    target_branch: str
    head_sha: str
    author: str
    labels: tuple[str, ...] = ()


class HostNotFound(Exception):
    """The host answered that the repository does not exist."""


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""Errors when parsing an answer of unexpected shape; callers turn them into a GeneratorError."""


class RepositoryHost(Protocol):
    """Lists the repositories of one organisation, group or owner. Raises GeneratorError."""

    async def repositories(self) -> Sequence[Repository]:
        """Each with its default branch."""
        ...

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        """The default branch, or all of them if requested, with commits."""
        ...

    async def has_path(self, repository: Repository, path: str) -> bool: ...


class PullRequestHost(Protocol):
    async def pull_requests(self) -> Sequence[PullRequest]:
        """Open pull requests. Raises HostNotFound if the repository does not exist, GeneratorError for other errors."""
        ...


class Hosting(Protocol):
    """Builds the client of one configured host. `token` and `ca` are resolved references."""

    def repositories(self, provider: str, options: JsonObject, token: str, ca: str, protocol: str) -> RepositoryHost:
        """Raises GeneratorError for invalid options."""
        ...

    def pull_requests(self, provider: str, options: JsonObject, token: str, ca: str) -> PullRequestHost: ...

    async def app_token(self, app: Credentials) -> str:
        """The token of a GitHub App's installation. Raises GeneratorError."""
        ...


class GitTrees(Protocol):
    async def tree(self, url: str, revision: str, project: str) -> Tree:
        """Raises sources.port.SourceError."""
        ...


class Plugins(Protocol):
    async def call(self, url: str, token: str, body: JsonObject, seconds: float) -> JsonObject:
        """The answer to a POST of JSON. Raises GeneratorError."""
        ...


class Objects(Protocol):
    """Objects in the cluster, from caches."""

    def secret(self, namespace: str, name: str) -> JsonObject | None: ...

    def config_map(self, namespace: str, name: str) -> JsonObject | None: ...

    def clusters(self) -> Sequence[JsonObject]:
        """The cluster Secrets of the control plane's namespace, by name."""
        ...

    async def decisions(
        self, api_version: str, resource: str, namespace: str, name: str, labels: str
    ) -> Sequence[JsonObject]:
        """Objects of a decision resource, by plural name. Raises GeneratorError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Adapters to the outside."""

    git: GitTrees
    hosting: Hosting
    plugins: Plugins
    objects: Objects
    refusal: Callable[[str, str, str], str] = lambda project, namespace, url: ""
    """Why a set of `namespace` may not read the repository `url` for `project`; "" if it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorContext:
    """The ApplicationSet being processed."""

    name: str
    namespace: str
    control_plane: str
    project: str
    """The template's project; empty if it is templated."""
    engine: Engine
    options: Options
    doors: Doors

    @property
    def is_outside(self) -> bool:
        """Outside of the control plane's namespace, where sets are less trusted."""
        return self.namespace != self.control_plane

    def with_values(self, parameters: JsonObject, values: Mapping[str, str] | None) -> JsonObject:
        """Adds `values`, rendered with the other parameters (spec 15.2)."""
        if not values:
            return parameters
        rendered = {key: self.engine.text(str(text), parameters) for key, text in values.items()}
        if self.engine.is_go:
            return {**parameters, "values": rendered}
        return {**parameters, **{f"values.{key}": text for key, text in rendered.items()}}
