"""The interface of a cache of one kind in one cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from argosy.machinery.objects import JsonObject, Key, Resource

Strip = Callable[[JsonObject], JsonObject]
"""Returns the object to keep, smaller than the one it was given; never mutates."""
Changed = Callable[[JsonObject | None, JsonObject | None], None]
"""(old, new): old is None for an addition, new is None for a deletion."""


class Cache(Protocol):
    """List-and-watch of one resource. Objects are shared: never mutate them."""

    @property
    def resource(self) -> Resource: ...

    @property
    def synced(self) -> bool: ...

    @property
    def seen_up_to(self) -> int:
        """Everything that was stored up to this resourceVersion has been seen; 0 before the first list."""
        ...

    def __len__(self) -> int: ...

    def get(self, key: Key) -> JsonObject | None: ...

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        """Sorted by namespace and name."""
        ...

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]: ...

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None:
        """Idempotent by name; may be called before or after the cache is filled."""
        ...

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        """Called in event order; returns how to stop. Must not raise or wait.

        `replay`: for existing objects too, before this returns: of 10,000 that is a long turn of the loop.
        """
        ...

    async def wait_synced(self) -> None: ...


class Caches(Protocol):
    """One cluster's caches, shared by all controllers; each is started on first use."""

    def cache(
        self, resource: Resource, *, metadata_only: bool = False, namespace: str = "", strip: Strip | None = None
    ) -> Cache:
        """One cache for each combination. `namespace`: only this one. `strip`: what is kept of each object.

        Without `strip` a metadata-only cache keeps `outline.outline` of them.
        """
        ...

    def stop(self, cache: Cache) -> None:
        """Drops a cache that is no longer read, such as that of a deleted CRD."""
        ...
