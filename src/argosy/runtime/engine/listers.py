"""The listers of one cluster: created on first use, usable once their cache is filled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from argosy.machinery.controller import Controller, Index
from argosy.machinery.objects import JsonObject, Kind, Resource, resource_of
from argosy.runtime.caches.informers import InformerCaches
from argosy.runtime.engine.late_tasks import begin
from argosy.runtime.engine.lister import Lister
from argosy.runtime.engine.subscriptions import Note, Subscriptions, Work


class NotFilled(Exception):
    """A look read a kind whose cache is not filled yet; the key is woken when it is."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What is cached of a kind: everything, one namespace, or only metadata."""

    resource: Resource
    namespace: str = ""
    metadata_only: bool = False

    def __str__(self) -> str:
        return f"{self.resource.qualified}{f' in {self.namespace}' if self.namespace else ''}"


class FilledKind(NamedTuple):
    """A kind that is served and whose cache is filled, valid for one version of the served kinds."""

    served_version: int
    note: Note
    lister: Lister


class Extents:
    """How one controller reads each kind."""

    def __init__(self, controller: Controller[Any]) -> None:
        self._by_namespace = frozenset(map(resource_of, controller.by_namespace))
        self._metadata_only = frozenset(map(resource_of, controller.metadata_only))
        self.filled: dict[Kind, FilledKind] = {}
        """Kinds that were read once and need no search any more; a filled cache stays filled."""

    def of(self, resource: Resource, namespace: str) -> Extent:
        if resource in self._by_namespace:
            if not namespace:
                raise ValueError(f"{resource.qualified} is read by namespace here: name one")
            return Extent(resource, namespace, resource in self._metadata_only)
        return Extent(resource, metadata_only=resource in self._metadata_only)


class Listers:
    """`changed` is called for every change of every kind, and whether it belongs to the initial fill of the cache."""

    def __init__(
        self,
        caches: InformerCaches,
        subscriptions: Subscriptions,
        changed: Callable[[Resource, JsonObject | None, JsonObject | None, bool], None],
        wake: Callable[[Work], None],
    ) -> None:
        self._caches = caches
        self._subscriptions = subscriptions
        self._changed = changed
        self._wake = wake
        self._listers: dict[Extent, Lister] = {}
        self._of_resource: dict[Resource, list[Lister]] = {}
        self._filled: dict[Extent, asyncio.Event] = {}
        self._waiting: dict[Extent, dict[Work, None]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            try:
                for extent in tuple(self._listers):
                    self._start(extent)
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # a look that ends now starts nothing more
                for lister in self._listers.values():
                    lister.stop()

    def lister(self, extent: Extent) -> Lister:
        """Filled or not."""
        found = self._listers.get(extent)
        if found is None:
            cache = self._caches.cache(extent.resource, namespace=extent.namespace, metadata_only=extent.metadata_only)
            found = self._listers[extent] = Lister(cache, self._handler(extent), metadata_only=extent.metadata_only)
            self._of_resource.setdefault(extent.resource, []).append(found)
            self._filled[extent] = asyncio.Event()
            self._start(extent)
        return found

    def filled(self, extent: Extent, work: Work) -> Lister:
        """Raises NotFilled; `work` is woken when it can be read."""
        lister = self.lister(extent)
        if not self._filled[extent].is_set():
            self._waiting.setdefault(extent, {})[work] = None
            raise NotFilled(str(extent))
        return lister

    def index(self, index: Index[Any], extent: Extent) -> None:
        """Declares an index; idempotent."""
        self.lister(extent).add_index(index.name, index.values, edges=index.edges)

    def known(self, resource: Resource) -> tuple[Lister, ...]:
        """The listers of a kind that are in use."""
        return tuple(self._of_resource.get(resource, ()))

    async def wait_filled(self, extent: Extent) -> None:
        self.lister(extent)
        await self._filled[extent].wait()

    def _start(self, extent: Extent) -> None:
        begin(self._tasks, self._fill(extent), f"lister of {extent}")

    async def _fill(self, extent: Extent) -> None:
        lister = self._listers[extent]
        await lister.cache.wait_synced()
        lister.start()
        self._filled[extent].set()
        for work in self._waiting.pop(extent, {}):
            self._wake(work)

    def _handler(self, extent: Extent) -> Callable[[JsonObject | None, JsonObject | None], None]:
        def changed(old: JsonObject | None, new: JsonObject | None) -> None:
            lister = self._listers[extent]
            self._subscriptions.changed(extent.resource, lister.indexes, lister.edges, old, new)
            self._changed(extent.resource, old, new, not self._filled[extent].is_set())

        return changed
