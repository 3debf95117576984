"""The proposed changes, and the acts of people during a rehearsal. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from argosy.machinery.objects import JsonObject

DEFAULT_BRANCH: Final = ""
"""The branch that the repository's HEAD points to."""


class ChangeError(ValueError):
    """A change that cannot be parsed; the text says what would be right."""


@dataclass(frozen=True, slots=True)
class Push:
    """Moves a branch to a revision that the repository has, like merging it would."""

    url: str
    branch: str
    revision: str

    def __str__(self) -> str:
        return f"push {self.revision} to {self.branch or 'the default branch'} of {self.url}"


@dataclass(frozen=True, slots=True)
class NewImage:
    """Pushes a tag to a registry. An empty `digest` is derived from the name."""

    repository: str
    tag: str
    digest: str = ""
    created_at: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"push image {self.repository}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Apply:
    """Applies objects exactly as a file has them."""

    place: str
    objects: tuple[JsonObject, ...] = field(repr=False)

    def __str__(self) -> str:
        count = len(self.objects)
        return f"apply {self.place} ({count} object{'s' if count != 1 else ''})"


@dataclass(frozen=True, slots=True)
class Promote:
    """Opens a gate: promotes Freight into a Stage. An empty name means the newest Freight that is available there."""

    project: str
    stage: str
    freight: str = ""

    def __str__(self) -> str:
        return f"promote {self.freight[:12] or 'the newest Freight'} to {self.project}/{self.stage}"


@dataclass(frozen=True, slots=True)
class Resume:
    """Promotes a paused Rollout; `full` skips all remaining steps."""

    namespace: str
    name: str
    full: bool = False
    cluster: str = ""

    def __str__(self) -> str:
        where = f" in {self.cluster}" if self.cluster else ""
        return f"promote Rollout {self.namespace}/{self.name}{where}{' in full' if self.full else ''}"


@dataclass(frozen=True, slots=True)
class Sync:
    """Syncs an Application."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"sync Application {self.name}"


@dataclass(frozen=True, slots=True)
class Merge:
    """Merges a pull request that a Promotion opened."""

    url: str
    number: int

    def __str__(self) -> str:
        return f"merge pull request {self.number} of {self.url}"


Change = Push | NewImage | Apply | Promote | Resume | Sync | Merge


def push_of(text: str) -> Push:
    """Parses `URL=REVISION` or `URL#BRANCH=REVISION`. Raises ChangeError."""
    place, equals, revision = text.rpartition("=")
    url, _, branch = place.partition("#")
    if not equals or not url or not revision:
        raise ChangeError(f"{text!r} is no change of a branch: give URL#BRANCH=REVISION, or URL=REVISION")
    return Push(url, branch, revision)


def image_of(text: str) -> NewImage:
    """Parses `REPOSITORY:TAG`, optionally with `@sha256:...`. Raises ChangeError."""
    name, _, digest = text.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or not repository or "/" in tag or not tag:
        raise ChangeError(f"{text!r} is not an image with a tag, such as registry.example/shop:1.1.0")
    if digest and not digest.startswith("sha256:"):
        raise ChangeError(f"{text!r}: the digest {digest!r} must begin with sha256:")
    return NewImage(repository, tag, digest)
