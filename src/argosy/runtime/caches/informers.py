"""Shared caches: one list-and-watch per kind and cluster, for all readers.

Owns the copies of the cluster's objects in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from argosy.machinery.objects import JsonObject, Resource
from argosy.runtime.caches.informer import Cache, Strip
from argosy.runtime.caches.informer_cache import InformerCache
from argosy.runtime.caches.shared_texts import SharedTexts
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class _Which:
    resource: Resource
    metadata_only: bool
    namespace: str
    strip: Strip | None


class InformerCaches:
    """One cluster's caches. They run inside `run`; a cache requested before that starts along with it."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        rng: Rng,
        *,
        namespace: str = "",
        strips: Mapping[Resource, Strip] | None = None,
    ) -> None:
        """`namespace`: watch only this one. `strips`: what to leave out of the objects of a kind."""
        self._client = client
        self._clock = clock
        self._rng = rng
        self._namespace = namespace
        self._strips = strips or {}
        self._texts = SharedTexts()
        self._caches: dict[_Which, InformerCache] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._running: dict[_Which, asyncio.Task[None]] = {}

    def cache(
        self, resource: Resource, *, metadata_only: bool = False, namespace: str = "", strip: Strip | None = None
    ) -> InformerCache:
        namespace = (namespace or self._namespace) if resource.namespaced else ""
        if strip is None and not metadata_only:
            strip = self._strips.get(resource)
        which = _Which(resource, metadata_only, namespace, strip)
        if (found := self._caches.get(which)) is not None:
            return found
        made = self._caches[which] = InformerCache(
            self._client,
            resource,
            self._clock,
            self._rng.fork(f"informer/{resource.qualified}/{metadata_only}/{namespace}/{strip is not None}"),
            metadata_only=metadata_only,
            namespace=namespace,
            strip=strip,
            texts=self._texts,
        )
        self._start(which)
        return made

    def stop(self, cache: Cache) -> None:
        for which in [which for which, known in self._caches.items() if known is cache]:
            del self._caches[which]
            if (task := self._running.pop(which, None)) is not None:
                task.cancel()

    @property
    def all(self) -> Sequence[InformerCache]:
        return tuple(self._caches.values())

    async def wait_synced(self) -> None:
        for cache in self.all:
            await cache.wait_synced()

    async def run(self) -> None:
        """Keeps every cache filled until cancelled."""
        async with asyncio.TaskGroup() as self._tasks:
            try:
                for which in self._caches:
                    self._start(which)
                await asyncio.Event().wait()
            finally:
                self._tasks = None  # a reader during shutdown finds an empty cache, and no error

    def _start(self, which: _Which) -> None:
        if self._tasks is not None:
            name = f"cache of {which.resource.qualified}"
            self._running[which] = self._tasks.create_task(self._caches[which].run(), name=name)


def without_managed_fields(obj: JsonObject) -> JsonObject:
    """A `Strip` for kinds whose managed fields no decision reads: those are often half of an object."""
    metadata = obj.get("metadata") or {}
    if "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}
