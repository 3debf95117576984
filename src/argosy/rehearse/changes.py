"""What is proposed, or done by somebody in the middle of a rehearsal. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from argosy.machinery.objects import JsonObject

DEFAULT_BRANCH: Final = ""
"""Whichever the repository's HEAD names."""


class ChangeError(ValueError):
    """A change that cannot be read; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Push:
    """A branch moves to a revision that its repository has: what merging it would do."""

    url: str
    branch: str
    revision: str

    def __str__(self) -> str:
        return f"push {self.revision} to {self.branch or 'the default branch'} of {self.url}"


@dataclass(frozen=True, slots=True)
class NewImage:
    """A tag appears in a registry. `digest` "": made up from the name."""

    repository: str
    tag: str
    digest: str = ""
    created_at: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"push image {self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Apply:
    """Objects are applied as they stand in a file."""

    place: str
    objects: tuple[JsonObject, ...] = field(repr=False)

    def __str__(self) -> str:
        count = len(self.objects)
        return f"apply {self.place} ({count} object{'s' if count != 1 else ''})"


@dataclass(frozen=True, slots=True)
class Promote:
    """Somebody opens a gate: Freight into a Stage; "": the newest that it may have."""

    project: str
    stage: str
    freight: str = ""

    def __str__(self) -> str:
        return f"promote {self.freight[:12] or 'the newest Freight'} to {self.project}/{self.stage}"


@dataclass(frozen=True, slots=True)
class Resume:
    """Somebody lets a paused Rollout go on; `full`: to its end, without the steps that are left."""

    namespace: str
    name: str
    full: bool = False
    cluster: str = ""

    def __str__(self) -> str:
        where = f" in {self.cluster}" if self.cluster else ""
        return f"promote Rollout {self.namespace}/{self.name}{where}{' in full' if self.full else ''}"


@dataclass(frozen=True, slots=True)
class Sync:
    """Somebody syncs an Application."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"sync Application {self.name}"


@dataclass(frozen=True, slots=True)
class Merge:
    """Somebody merges a pull request that a Promotion opened."""

    url: str
    number: int

    def __str__(self) -> str:
        return f"merge pull request {self.number} of {self.url}"


Change = Push | NewImage | Apply | Promote | Resume | Sync | Merge


def push_of(text: str) -> Push:
    """Of `URL=REVISION` or `URL#BRANCH=REVISION`. Raises ChangeError."""
    place, equals, revision = text.rpartition("=")
    url, _, branch = place.partition("#")
    if not equals or not url or not revision:
        raise ChangeError(f"{text!r} is no change of a branch: give URL#BRANCH=REVISION, or URL=REVISION")
    return Push(url, branch, revision)


def image_of(text: str) -> NewImage:
    """Of `REPOSITORY:TAG`, with `@sha256:...` or without. Raises ChangeError."""
    name, _, digest = text.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or not repository or "/" in tag or not tag:
        raise ChangeError(f"{text!r} is no image with a tag: give REPOSITORY:TAG, such as registry.example/shop:1.1.0")
    if digest and not digest.startswith("sha256:"):
        raise ChangeError(f"{text!r}: the digest {digest!r} must begin with sha256:")
    return NewImage(repository, tag, digest)
