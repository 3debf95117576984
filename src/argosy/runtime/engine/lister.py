"""One kind as looks see it: the cache, own writes that it does not show yet, indexes, and typed views."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from argosy.apis.schema import read
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.selectors import parse_labels
from argosy.runtime.caches.informer import Cache, Changed
from argosy.runtime.caches.outline import outline
from argosy.runtime.engine.own_writes import OwnWrites
from argosy.runtime.engine.subscriptions import values_of

T = TypeVar("T")

OWNER_UID = "owner-uid"
"""The index that every kind has."""


class FollowedCache(Cache, Protocol):
    """A cache that reports its revision."""

    @property
    def revision(self) -> str: ...

    def covers(self, key: Key) -> bool:
        """Whether an object of that key would be in it."""
        ...

    def on_progress(self, handler: Callable[[], None]) -> Callable[[], None]: ...


class Lister:
    """`changed` is called for each change that the cache shows, and for an own write that turned out to be deleted."""

    def __init__(self, cache: FollowedCache, changed: Changed, *, metadata_only: bool = False) -> None:
        self.cache = cache
        self.resource: Resource = cache.resource
        self.indexes: dict[str, Callable[[JsonObject], Iterable[str]]] = {}
        self.edges: set[str] = set()
        """Names of indexes whose readers are woken only by objects that enter or leave a value."""
        self._changed = changed
        self._metadata_only = metadata_only
        self._forgets: list[Callable[[], None]] = []
        self._own = OwnWrites()
        self._own_keys: dict[tuple[str, str], set[Key]] = {}
        """By index and value: the objects that we wrote with that value and that the cache may not show yet."""
        self._views: dict[type[Any], dict[Key, Any]] = {}
        self.add_index(OWNER_UID, owner_uids)

    def start(self) -> None:
        """Called once the cache is filled: later changes are announced as they come, existing objects first."""
        self._forgets = [self.cache.on_change(self._cache_changed), self.cache.on_progress(self._progressed)]

    def stop(self) -> None:
        """Unsubscribes: a process may start its controllers again over the same caches."""
        for forget in self._forgets:
            forget()
        self._forgets = []

    def add_index(self, name: str, values: Callable[[JsonObject], Iterable[str]], *, edges: bool = False) -> None:
        if name not in self.indexes:
            if edges:
                self.edges.add(name)
            self.indexes[name] = values
            self.cache.add_index(name, values)
            for key in self._own:
                if (obj := self.get(key)) is not None:
                    self._note_own(name, key, obj)

    def get(self, key: Key) -> JsonObject | None:
        return self._own.see(key, self.cache.get(key), self.cache.revision) if self._own else self.cache.get(key)

    def list(self, namespace: str = "", selector: str = "") -> Sequence[JsonObject]:
        found = self._overlaid(self.cache.list(namespace), lambda obj: namespace in ("", key_of(obj).namespace))
        if not selector:
            return found
        wanted = parse_labels(selector)
        return [obj for obj in found if wanted.matches(obj["metadata"].get("labels"))]

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        cached = self.cache.by_index(index, value)
        if not self._own:
            self._own_keys.clear()
            return cached
        noted = self._own_keys.get((index, value), ())
        if not noted and not any(key_of(obj) in self._own for obj in cached):
            return cached
        found = {key: self.get(key) for key in {*noted, *map(key_of, cached)}}
        values = self.indexes[index]
        return [obj for key in sorted(found) if (obj := found[key]) is not None and value in values_of(values, obj)]

    def view(self, kind: type[T], obj: JsonObject, key: Key | None = None) -> T:
        """Read once for each version of an object."""
        key = key_of(obj) if key is None else key
        if (views := self._views.get(kind)) is None:
            views = self._views[kind] = {}
        known: T | None = views.get(key)
        if known is not None and known.raw is obj:  # type: ignore[attr-defined]  # every view has what it was read from
            return known
        made = views[key] = read(kind, obj)
        return made

    def wrote(self, obj: JsonObject) -> None:
        key, obj = key_of(obj), outline(obj) if self._metadata_only else obj
        if not self.cache.covers(key):
            return
        self._own.wrote(key, obj, self.cache.get(key), self.cache.revision)
        if key in self._own:
            for name in self.indexes:
                self._note_own(name, key, obj)

    def deleted(self, key: Key, uid: str) -> None:
        before, cached = self.get(key), self.cache.get(key)
        self._own.deleted(key, uid, cached)
        if before is not None and before["metadata"].get("uid") == uid and cached is None:
            # Created by us and deleted before the cache has shown it: no change of the cache will announce that.
            self._changed(before, None)

    def _note_own(self, name: str, key: Key, obj: JsonObject) -> None:
        for value in values_of(self.indexes[name], obj):
            self._own_keys.setdefault((name, value), set()).add(key)

    def _overlaid(self, cached: Sequence[JsonObject], belongs: Callable[[JsonObject], bool]) -> Sequence[JsonObject]:
        if not self._own:
            return cached
        found = {key_of(obj): obj for obj in cached}
        for key in self._own:
            seen = self.get(key)
            if seen is not None and belongs(seen):
                found[key] = seen
            else:
                found.pop(key, None)
        return [found[key] for key in sorted(found)]

    def _cache_changed(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if new is None and old is not None:
            key = key_of(old)
            self._forget_views(key)
            if self._own:
                self._own.see(key, None, self.cache.revision)  # a deletion of ours that the cache shows by now
        self._changed(old, new)

    def _progressed(self) -> None:
        """An own write that the cache has passed without showing it is deleted: its readers must look again."""
        for key in self._own.progressed(self.cache.revision):
            cached = self.cache.get(key)
            passed = self._own.passed(key, cached, self.cache.revision)
            if passed is not None and passed.obj is not None and cached is None:
                self._forget_views(key)
                self._changed(passed.obj, None)
        if not self._own:
            self._own_keys.clear()

    def _forget_views(self, key: Key) -> None:
        for views in self._views.values():
            views.pop(key, None)


def owner_uids(obj: JsonObject) -> Iterable[str]:
    return [owner["uid"] for owner in obj["metadata"].get("ownerReferences") or ()]
