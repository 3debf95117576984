"""The live objects of one destination cluster, indexed by application.

Kinds that no Application uses are watched by their metadata only; of the others, objects that no Application tracks
are reduced to outlines. `prepare` fetches what a look will read; everything else here reads memory. Keeps this
process's own writes until the caches show them, so that no decision uses a view older than its own write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass

from argosy.gitops.clusters.cache_reduction import MetadataOnly, Reduction, marks_of
from argosy.gitops.comparison.orphaned_resources import Orphans
from argosy.gitops.control_plane.settings import Settings
from argosy.gitops.keys import ResourceKey, resource_key
from argosy.gitops.model.kinds import ServedKinds
from argosy.gitops.model.resource_tracking import Marks, owner_of
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Key, Resource, group_kind_of, key_of
from argosy.machinery.pieces import Pieces
from argosy.machinery.status import StatusError
from argosy.runtime.caches.informer import Cache, Caches
from argosy.runtime.caches.outline import Outline
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.slices import Slices

ESTABLISHING = 3.0
"""Seconds within which a new CRD must be served."""
ESTABLISHED_LOOK = 0.1
PATIENCE = 3
"""How often objects are fetched again if they change meanwhile."""

Kind = tuple[str, str]
"""(group, kind)."""


@dataclass(frozen=True, slots=True)
class _Watched:
    cache: Cache
    complete: bool
    """Tracked objects are kept completely; otherwise only metadata is watched."""
    marks: Marks


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A fetched object that the cache only has an outline of, for the version `seen`."""

    seen: str
    obj: JsonObject | None


class LiveObjects:
    def __init__(
        self,
        client: Client,
        caches: Caches,
        changed: Callable[[JsonObject], None],
        slices: Slices,
        handling: AbstractContextManager[None] | None = None,
    ) -> None:
        """`changed` is called for every object that is added, changed or deleted; it only needs marks, so it may get an
        outline. `handling`: entered around each change, for metrics."""
        self.kinds = ServedKinds(())
        self.kube_version = ""
        self.api_versions: tuple[str, ...] = ()
        self.change_counts: dict[tuple[str, str], int] = {}
        """Number of changes, by group and kind; for metrics."""
        self._handling = handling or nullcontext()
        self.fetches = 0
        """How many objects were fetched one by one, for metrics and tests."""
        self._client = client
        self._caches = caches
        self._changed = changed
        self._slices = slices
        self._marks = Marks()
        self._watched: dict[Kind, _Watched] = {}
        self._coming: dict[Kind, _Watched] = {}
        """Replaces the current cache once it is filled."""
        self._expected: set[Kind] = set()
        self._tracked: dict[str, set[ResourceKey]] = {}
        self._written: dict[ResourceKey, JsonObject] = {}
        self._fetched: dict[ResourceKey, _Fetched] = {}
        self.orphans = Orphans()

    @property
    def kind_count(self) -> int:
        return len(self._watched)

    @property
    def object_count(self) -> int:
        return sum(len(watched.cache) for watched in self._watched.values())

    @property
    def complete_kinds(self) -> frozenset[Kind]:
        """Kinds of which more than metadata is watched."""
        return frozenset(kind for kind, watched in self._watched.items() if watched.complete)

    # -- what is watched ---------------------------------------------------------------------------------------------

    def expect(self, kinds: Iterable[Kind]) -> None:
        """Kinds that will be needed completely, so that `discover` need not watch them twice."""
        self._expected |= set(kinds)

    async def discover(self, settings: Settings, *, fresh: bool = False) -> None:
        """Watches every kind that is served now; called again, with `fresh`, when CRDs change.

        Raises StatusError, OSError, and then nothing has changed.
        """
        resources = (await self._client.served(fresh=fresh)).resources
        if resources == self.kinds.resources:
            return
        version = str((dict((await self._client.served(fresh=True)).version)).get("gitVersion") or "")
        # Only now: had either failed, the next call would have to start over.
        if not self._watched:
            self._marks = marks_of(settings)
        self.kinds = ServedKinds(resources)
        self.api_versions = self.kinds.api_versions
        self.kube_version = version.partition("+")[0]
        for resource in self.kinds.listable:
            name = (resource.group, resource.kind)
            if name not in self._watched and not settings.excludes(*name, ""):
                self._watched[name] = self._watch(resource, complete=name in self._expected)
        for name in self._watched.keys() - {(resource.group, resource.kind) for resource in self.kinds.listable}:
            self._caches.stop(self._watched.pop(name).cache)

    async def await_kinds(self, wanted: set[Kind], settings: Settings, clock: Clock) -> None:
        """Waits until CRDs that were just written are served, or ESTABLISHING seconds have passed."""
        ends = clock.monotonic() + ESTABLISHING
        while any(self.kinds.preferred(*kind) is None for kind in wanted) and clock.monotonic() < ends:
            await clock.sleep(ESTABLISHED_LOOK)
            with suppress(StatusError, OSError):
                await self.discover(settings, fresh=True)

    async def wait_synced(self) -> None:
        for watched in tuple(self._watched.values()):
            await watched.cache.wait_synced()

    async def prepare(self, app: str, targets: Iterable[ResourceKey], settings: Settings) -> None:
        """Fetches the complete objects that a look at the application reads: all that it tracks and all that it names.

        Raises StatusError if an object cannot be read.
        """
        wanted = set(targets)
        if self._marks != marks_of(settings):
            self._marks = marks_of(settings)
            await self._replace({kind: watched.complete for kind, watched in self._watched.items()})
        for _ in range(PATIENCE):
            keys = wanted | self._tracked.get(app, set())
            kinds = {key[:2] for key in keys}
            await self._replace({kind: True for kind in kinds if (w := self._watched.get(kind)) and not w.complete})
            if not (missing := await self._slices.run(self._outlines(keys))):
                return
            for key in missing:
                await self._fetch(key)
        if changing := [str(key) for key in await self._slices.run(self._outlines(keys))]:
            raise StatusError(409, "Conflict", f"changed again and again while being read: {', '.join(changing)}")

    def _outlines(self, keys: Iterable[ResourceKey]) -> Pieces[list[ResourceKey]]:
        """Those of which only an outline is known, in order."""
        found = []
        for key in keys:
            if isinstance(self.get(key), Outline):
                found.append(key)
            yield
        return sorted(found)

    async def _replace(self, kinds: Mapping[Kind, bool]) -> None:
        """Watches the kinds again, completely or not; the old cache is used until the new one is filled."""
        for kind, complete in kinds.items():
            coming = self._coming.get(kind)
            if coming is None or (coming.complete, coming.marks) != (complete, self._marks):
                self._coming[kind] = self._watch(self._watched[kind].cache.resource, complete=complete)
        for kind in kinds:
            coming = self._coming.get(kind)
            if coming is None:
                continue  # another look waited for it, too, and was first
            await coming.cache.wait_synced()
            if self._coming.get(kind) is coming:
                del self._coming[kind]
                if (before := self._watched.get(kind)) is not None:
                    self._watched[kind] = coming
                    self._caches.stop(before.cache)
            elif self._watched.get(kind) is not coming:
                self._caches.stop(coming.cache)  # the settings changed meanwhile: another cache follows

    def _watch(self, resource: Resource, *, complete: bool) -> _Watched:
        strip = Reduction(self._marks) if complete else MetadataOnly(self._marks)
        cache = self._caches.cache(resource, metadata_only=not complete, strip=strip)
        cache.on_change(self._on_change)
        return _Watched(cache, complete, self._marks)

    async def _fetch(self, key: ResourceKey) -> None:
        outline = self.get(key)
        watched = self._watched.get(key[:2])
        if outline is None or watched is None:
            return
        self.fetches += 1
        try:
            obj = await self._client.get(requests.Get(watched.cache.resource, Key(key.namespace, key.name)))
        except StatusError as error:
            if not error.is_not_found:
                raise
            obj = None
        self._fetched[key] = _Fetched(_version(outline), obj)

    # -- what is there -----------------------------------------------------------------------------------------------

    def get(self, key: ResourceKey) -> JsonObject | None:
        """An `Outline` if the complete object was not prepared."""
        watched = self._watched.get(key[:2])
        found = watched.cache.get(Key(key.namespace, key.name)) if watched else None
        ours = self._written.get(key)
        if ours is not None and _is_unseen(ours, watched.cache if watched else None):
            return ours
        if ours is not None:
            del self._written[key]
            if isinstance(found, Outline) and _version(found) == _version(ours):
                self._fetched[key] = _Fetched(_version(ours), ours)
        return self._complete(key, found) if isinstance(found, Outline) else found

    def _complete(self, key: ResourceKey, outline: Outline) -> JsonObject | None:
        fetched = self._fetched.get(key)
        if fetched is None:
            return outline
        version = _version(outline)
        if fetched.seen == version or (fetched.obj is not None and revision(fetched.obj) >= revision(outline) > 0):
            return fetched.obj
        del self._fetched[key]
        return outline

    def tracked(self, app: str, settings: Settings) -> Pieces[dict[ResourceKey, JsonObject]]:
        """All objects marked as the application's."""
        found: dict[ResourceKey, JsonObject] = {}
        for key in sorted(self._tracked.get(app, ())):
            yield
            current = self.get(key)
            if current is not None and owner_of(current, settings) == app:
                found[key] = current
        return found

    def within(self, namespace: str) -> Iterator[JsonObject]:
        """All objects of a namespace: a scan, for a new subscriber."""
        for watched in self._watched.values():
            yield from watched.cache.list(namespace) if watched.cache.resource.namespaced else ()

    def wrote(self, obj: JsonObject) -> None:
        key = resource_key(obj)
        self._written[key] = obj
        # At once: a sync that prunes may come before the cache shows it.
        self._note(key, "", owner_of(obj, self._marks))

    def forget(self, key: ResourceKey) -> None:
        self._written.pop(key, None)

    def resource(self, obj: JsonObject) -> Resource | None:
        return self.kinds.of(obj)

    def _on_change(self, old: JsonObject | None, new: JsonObject | None) -> None:
        if (obj := new or old) is not None:
            with self._handling:
                self._noticed(obj, old, new)

    def _noticed(self, obj: JsonObject, old: JsonObject | None, new: JsonObject | None) -> None:
        kind = group_kind_of(obj)
        self.change_counts[kind] = self.change_counts.get(kind, 0) + 1
        before, after = (owner_of(side, self._marks) if side else "" for side in (old, new))
        if before or after:
            self._note(resource_key(obj), before, after)
        if new is None and (self._written or self._fetched):
            key = resource_key(obj)
            self._written.pop(key, None)
            self._fetched.pop(key, None)
        self.orphans.on_change(old, new)
        self._changed(obj)
        if old is not None and new is not None and before != after:
            self._changed(old)

    def _note(self, key: ResourceKey, before: str, after: str) -> None:
        if before and before != after and (keys := self._tracked.get(before)) is not None:
            keys.discard(key)
            if not keys:
                del self._tracked[before]
        if after:
            self._tracked.setdefault(after, set()).add(key)


def _is_unseen(ours: JsonObject, cache: Cache | None) -> bool:
    """Whether the cache may not show our own write yet. Once it has reached that version, what it shows is right, even
    if that is nothing: an object that was deleted before the cache ever showed it must not stay."""
    if cache is None:
        return True
    found = cache.get(key_of(ours))
    return cache.seen_up_to < revision(ours) and (found is None or revision(found) < revision(ours))


def revision(obj: JsonObject) -> int:
    """Versions increase in every known API server; 0 if there is none."""
    text = _version(obj)
    return int(text) if text.isdigit() else 0


def _version(obj: JsonObject) -> str:
    return str((obj.get("metadata") or {}).get("resourceVersion") or "")
