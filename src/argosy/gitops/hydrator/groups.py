"""Who is hydrated together, from where and to where."""

from __future__ import annotations

from typing import NamedTuple

from argosy.machinery.objects import JsonObject, Key
from argosy.sources.urls import normalise_url


class Group(NamedTuple):
    """Repositories as `normalise_url` spells them: two spellings of one are one group."""

    dry_repository: str
    dry_revision: str
    repository: str
    branch: str

    def key(self) -> Key:
        """For a work queue."""
        return Key(f"{self.dry_repository}@{self.dry_revision}", f"{self.repository}@{self.branch}")


class Target(NamedTuple):
    """Where one application's manifests are committed. `sync_branch`: what a missing branch begins from."""

    repository: str
    branch: str
    path: str
    sync_branch: str


def part(obj: JsonObject, *names: str) -> JsonObject:
    """An object within an object; empty where there is none, or something else: a lax client may have written it."""
    for name in names:
        found = obj.get(name)
        obj = found if isinstance(found, dict) else {}
    return obj


def hydrator_of(app: JsonObject) -> JsonObject:
    """`spec.sourceHydrator`; empty when it has none."""
    return part(app, "spec", "sourceHydrator")


def dry_source(app: JsonObject) -> JsonObject:
    """As a source to render."""
    return part(hydrator_of(app), "drySource")


def target_of(app: JsonObject) -> Target:
    hydrator = hydrator_of(app)
    sync, staged = part(hydrator, "syncSource"), part(hydrator, "hydrateTo")
    branch = str(sync.get("targetBranch") or "")
    return Target(
        repository=str(sync.get("repoURL") or dry_source(app).get("repoURL") or ""),
        branch=str(staged.get("targetBranch") or branch),
        path=str(sync.get("path") or ""),
        sync_branch=branch,
    )


def group_of(app: JsonObject) -> Group | None:
    if not hydrator_of(app):
        return None
    dry, target = dry_source(app), target_of(app)
    revision = str(dry.get("targetRevision") or "")
    return Group(
        normalise_url(str(dry.get("repoURL") or "")), revision, normalise_url(target.repository), target.branch
    )


def qualified(key: Key) -> str:
    """As messages name an application."""
    return f"{key.namespace}/{key.name}"


def project_of(app: JsonObject) -> str:
    return str(part(app, "spec").get("project") or "default")
