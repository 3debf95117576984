"""Which applications are hydrated together, from where and to where."""

from __future__ import annotations

from typing import NamedTuple

from argosy.apis.argoproj import Application
from argosy.apis.argoproj.source import Source, SourceHydrator
from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key
from argosy.sources.urls import normalise_url


class Group(NamedTuple):
    """Repositories in `normalise_url`'s spelling: two spellings of one are one group."""

    dry_repository: str
    dry_revision: str
    repository: str
    branch: str

    def key(self) -> Key:
        """For a work queue."""
        return Key(f"{self.dry_repository}@{self.dry_revision}", f"{self.repository}@{self.branch}")


class Target(NamedTuple):
    """Where one application's manifests are committed. `sync_branch`: where a missing branch starts."""

    repository: str
    branch: str
    path: str
    sync_branch: str


def hydrator_of(app: JsonObject) -> SourceHydrator:
    """`spec.sourceHydrator`; empty if it has none."""
    return read(Application, app).spec.source_hydrator or read(SourceHydrator, {})


def dry_source(app: JsonObject) -> Source:
    """As a source to render."""
    return read(Source, hydrator_of(app).dry_source.raw)


def target_of(app: JsonObject) -> Target:
    hydrator = hydrator_of(app)
    sync, staged = hydrator.sync_source, hydrator.hydrate_to
    return Target(
        repository=sync.repo_url or hydrator.dry_source.repo_url,
        branch=(staged.target_branch if staged else "") or sync.target_branch,
        path=sync.path,
        sync_branch=sync.target_branch,
    )


def group_of(app: JsonObject) -> Group | None:
    hydrator = hydrator_of(app)
    if not hydrator.raw:
        return None
    dry, target = hydrator.dry_source, target_of(app)
    return Group(normalise_url(dry.repo_url), dry.target_revision, normalise_url(target.repository), target.branch)


def qualified(key: Key) -> str:
    """An application's name in messages."""
    return f"{key.namespace}/{key.name}"


def project_of(app: JsonObject) -> str:
    return read(Application, app).spec.project or "default"
