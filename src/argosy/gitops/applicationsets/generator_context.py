"""What a generator is asked with: which set, which engine, and the doors to what it may read."""

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
    """The host answered, and has no such repository."""


MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading an answer of unexpected shape raises; whoever asked a host turns it into a GeneratorError."""


class RepositoryHost(Protocol):
    """Lists what one organisation, group or owner has. Raises GeneratorError."""

    async def repositories(self) -> Sequence[Repository]:
        """Each with its default branch."""
        ...

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        """The default branch, or all of them when asked for, with commits."""
        ...

    async def has_path(self, repository: Repository, path: str) -> bool: ...


class PullRequestHost(Protocol):
    async def pull_requests(self) -> Sequence[PullRequest]:
        """Open ones. Raises HostNotFound for a repository that is not there, GeneratorError for all else."""
        ...


class Hosting(Protocol):
    """Makes the client of one configured host. `token` and `ca` are what the references lead to."""

    def repositories(self, provider: str, options: JsonObject, token: str, ca: str, protocol: str) -> RepositoryHost:
        """Raises GeneratorError for options that cannot be."""
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
    """What the cluster has, from caches."""

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
    """To the world outside."""

    git: GitTrees
    hosting: Hosting
    plugins: Plugins
    objects: Objects
    refusal: Callable[[str, str, str], str] = lambda project, namespace, url: ""
    """Why a set of `namespace` may not read the repository `url` for `project`; "" when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorContext:
    """One ApplicationSet at work."""

    name: str
    namespace: str
    control_plane: str
    project: str
    """Of the template; empty when it is templated."""
    engine: Engine
    options: Options
    doors: Doors

    @property
    def is_outside(self) -> bool:
        """Outside of the control plane's namespace, where less is trusted."""
        return self.namespace != self.control_plane

    def with_values(self, parameters: JsonObject, values: Mapping[str, str] | None) -> JsonObject:
        """Adds `values`, rendered with the other parameters (spec 15.2)."""
        if not values:
            return parameters
        rendered = {key: self.engine.text(str(text), parameters) for key, text in values.items()}
        if self.engine.is_go:
            return {**parameters, "values": rendered}
        return {**parameters, **{f"values.{key}": text for key, text in rendered.items()}}
