"""Caches of several namespaces of a cluster, as one: for an account that may not read the entire cluster.

One list-and-watch per namespace and kind; a cluster-scoped kind is empty unless it may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.caches.informer import Cache, Caches, Changed, Strip


class NamespacedCaches:
    """`caches` by namespace, "" for cluster-scoped kinds if they may be read."""

    def __init__(self, caches: dict[str, Caches]) -> None:
        self._parts = caches
        self._made: dict[tuple[Resource, bool, str, Strip | None], JoinedCache] = {}

    def cache(
        self, resource: Resource, *, metadata_only: bool = False, namespace: str = "", strip: Strip | None = None
    ) -> JoinedCache:
        which = (resource, metadata_only, namespace, strip)
        if (found := self._made.get(which)) is not None:
            return found
        wanted = [name for name in self._parts if bool(name) == resource.namespaced and namespace in ("", name)]
        parts = {name: self._parts[name].cache(resource, metadata_only=metadata_only, strip=strip) for name in wanted}
        made = self._made[which] = JoinedCache(resource, parts)
        return made

    def stop(self, cache: Cache) -> None:
        for which in [which for which, known in self._made.items() if known is cache]:
            for name, part in self._made.pop(which).parts.items():
                self._parts[name].stop(part)


class JoinedCache:
    """A `Cache` over one cache for each namespace."""

    def __init__(self, resource: Resource, parts: dict[str, Cache]) -> None:
        self.resource = resource
        self.parts = dict(sorted(parts.items()))

    @property
    def synced(self) -> bool:
        return all(part.synced for part in self.parts.values())

    @property
    def seen_up_to(self) -> int:
        return min((part.seen_up_to for part in self.parts.values()), default=0)

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts.values())

    def get(self, key: Key) -> JsonObject | None:
        part = self.parts.get(key.namespace)
        return part.get(key) if part is not None else None

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        if namespace:
            part = self.parts.get(namespace)
            return part.list(namespace) if part is not None else ()
        return [obj for part in self.parts.values() for obj in part.list()]

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        return [obj for part in self.parts.values() for obj in part.by_index(index, value)]

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None:
        for part in self.parts.values():
            part.add_index(index, values)

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        forgets = [part.on_change(handler, replay=replay) for part in self.parts.values()]

        def forget() -> None:
            for one in forgets:
                one()

        return forget

    async def wait_synced(self) -> None:
        for part in self.parts.values():
            await part.wait_synced()
