"""The listers of one cluster: made at first use, usable once their cache is filled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from argosy.machinery.controller import Index
from argosy.machinery.objects import JsonObject, Resource, resource_of
from argosy.runtime.engine.lister import Lister
from argosy.runtime.engine.subscriptions import Subscriptions, Work
from argosy.runtime.informers import InformerCaches


class NotFilled(Exception):
    """A look read a kind whose cache is not filled yet; the key is woken when it is."""


class Listers:
    """`changed` hears of every change of every kind, and whether it is one of those that fill the cache."""

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
        self._listers: dict[Resource, Lister] = {}
        self._filled: dict[Resource, asyncio.Event] = {}
        self._waiting: dict[Resource, dict[Work, None]] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            for resource in tuple(self._listers):
                self._begin(resource)
            await asyncio.Event().wait()

    def lister(self, resource: Resource) -> Lister:
        """Filled or not."""
        found = self._listers.get(resource)
        if found is None:
            found = self._listers[resource] = Lister(self._caches.cache(resource), self._heard(resource))
            self._filled[resource] = asyncio.Event()
            self._begin(resource)
        return found

    def filled(self, resource: Resource, work: Work) -> Lister:
        """Raises NotFilled; `work` is woken when it can be read."""
        lister = self.lister(resource)
        if not self._filled[resource].is_set():
            self._waiting.setdefault(resource, {})[work] = None
            raise NotFilled(resource.qualified)
        return lister

    def index(self, index: Index[Any]) -> None:
        """Declares an index; idempotent."""
        self.lister(resource_of(index.kind)).add_index(index.name, index.values)

    def known(self, resource: Resource) -> Lister | None:
        """The lister of a kind that somebody reads."""
        return self._listers.get(resource)

    async def wait_filled(self, resource: Resource) -> None:
        self.lister(resource)
        await self._filled[resource].wait()

    def _begin(self, resource: Resource) -> None:
        if self._tasks is not None:
            self._tasks.create_task(self._fill(resource), name=f"lister of {resource.qualified}")

    async def _fill(self, resource: Resource) -> None:
        lister = self._listers[resource]
        await lister.cache.wait_synced()
        lister.start()
        self._filled[resource].set()
        for work in self._waiting.pop(resource, {}):
            self._wake(work)

    def _heard(self, resource: Resource) -> Callable[[JsonObject | None, JsonObject | None], None]:
        def changed(old: JsonObject | None, new: JsonObject | None) -> None:
            indexes: Iterable[Any] = self._listers[resource].indexes.items()
            self._subscriptions.changed(resource, indexes, old, new)
            self._changed(resource, old, new, not self._filled[resource].is_set())

        return changed
