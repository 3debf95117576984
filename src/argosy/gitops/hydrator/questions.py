"""The hydrator's questions: the dry commit, what it changed, and the hydration itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from argosy.gitops.hydrator import status, validation
from argosy.gitops.hydrator.groups import qualified
from argosy.machinery.controller import Question
from argosy.machinery.objects import JsonObject, Key


@dataclass(frozen=True, slots=True)
class DryCommit(Question[str]):
    """The commit that a group's dry source names now; "" if it cannot be resolved. Each number asks again."""

    group: Key
    number: int
    app: JsonObject = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Relevance(Question[bool]):
    """Whether a file of an application's own paths changed between two dry commits."""

    app: Key
    compared: str
    dry: str
    paths: tuple[str, ...]
    obj: JsonObject = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Batch:
    """Applications that say `Hydrating`, as they were before. `number`: of the group's hydrations."""

    number: int
    apps: tuple[JsonObject, ...] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Hydrate(Question["End"]):
    """Renders and commits a batch. If it is repeated after a crash, it finds what was pushed (`commit`)."""

    group: Key
    batch: Batch


class HydrationFailed(Exception):
    """Why a group was not hydrated: text by qualified name, or for all of them."""

    def __init__(self, errors: Mapping[str, str], *, for_all: str = "") -> None:
        super().__init__(for_all or str(dict(errors)))
        self.errors, self.for_all = errors, for_all

    def text(self, name: str) -> str:
        return self.for_all or self.errors.get(name) or validation.of_group(self.errors)


@dataclass(frozen=True, slots=True)
class End:
    """The result of a hydration. `dry` is known even if it failed after that."""

    dry: str = ""
    commit: str = ""
    failure: HydrationFailed | None = None

    def patch(self, app: JsonObject, *, key: Key, seen: JsonObject, now: str) -> JsonObject | None:
        """`seen`: the application as it was when the hydration started."""
        if self.failure is not None:
            made = status.failed(app, self.failure.text(qualified(key)), self.dry, now)
        else:
            made = status.hydrated(app, self.dry, self.commit, now)
        return status.without_requests(app, seen, made)
