"""The live objects of the destination cluster, found by who they belong to: reads caches only.

Keeps what this process wrote until the caches show it, so that a decision never rests on a view older than its own act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from argosy.gitops.keys import TRACKING_ID, ResourceKey, annotations_of, resource_key
from argosy.gitops.kinds import ServedKinds
from argosy.gitops.orphans import Orphans
from argosy.gitops.settings import Settings
from argosy.gitops.tracking import owner_of, parse
from argosy.machinery.objects import JsonObject, Key, Resource
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock
from argosy.runtime.informer import Cache, Caches

ESTABLISHING = 3.0
"""Seconds that a new definition has to be served."""
ESTABLISHED_LOOK = 0.1


class LiveObjects:
    def __init__(self, client: Client, caches: Caches, changed: Callable[[JsonObject], None]) -> None:
        """`changed` hears of every object that is added, changed or gone."""
        self.kinds = ServedKinds(())
        self.kube_version = ""
        self.api_versions: tuple[str, ...] = ()
        self._client = client
        self._caches = caches
        self._changed = changed
        self._watched: dict[tuple[str, str], Cache] = {}
        self._written: dict[ResourceKey, JsonObject] = {}
        self._indexed: set[str] = set()
        self.orphans = Orphans()

    async def discover(self, settings: Settings, *, fresh: bool = False) -> None:
        """Watches every kind served now; called again, `fresh`, when definitions change."""
        resources = await self._client.resources(fresh=fresh)
        if resources == self.kinds.resources:
            return
        self.kinds = ServedKinds(resources)
        self.api_versions = self.kinds.api_versions
        version = str((await self._client.version()).get("gitVersion") or "")
        self.kube_version = version.partition("+")[0]
        for resource in self.kinds.listable:
            name = (resource.group, resource.kind)
            if name not in self._watched and not settings.excludes(*name, ""):
                cache = self._watched[name] = self._caches.cache(resource)
                self._index(cache, settings)
                cache.on_change(self._heard)
        served = {(resource.group, resource.kind) for resource in self.kinds.listable}
        for name in self._watched.keys() - served:
            del self._watched[name]

    async def await_kinds(self, wanted: set[tuple[str, str]], settings: Settings, clock: Clock) -> None:
        """Until definitions that were just written are served, or ESTABLISHING seconds have passed."""
        ends = clock.monotonic() + ESTABLISHING
        while any(self.kinds.preferred(*kind) is None for kind in wanted) and clock.monotonic() < ends:
            await clock.sleep(ESTABLISHED_LOOK)
            await self.discover(settings, fresh=True)

    async def wait_synced(self) -> None:
        for cache in tuple(self._watched.values()):
            await cache.wait_synced()

    def get(self, key: ResourceKey) -> JsonObject | None:
        cache = self._watched.get((key.group, key.kind))
        found = cache.get(Key(key.namespace, key.name)) if cache else None
        ours = self._written.get(key)
        if ours is None:
            return found
        if found is not None and revision(found) >= revision(ours):
            del self._written[key]
            return found
        return ours

    def tracked(self, app: str, settings: Settings) -> dict[ResourceKey, JsonObject]:
        """All objects that say they are of the application."""
        found: dict[ResourceKey, JsonObject] = {}
        value = app if settings.tracking_method != "label" else f"{settings.label_key}={app}"
        for cache in self._watched.values():
            self._index(cache, settings)
            for obj in cache.by_index(_index_name(settings), value):
                key = resource_key(obj)
                current = self.get(key)
                if current is not None and owner_of(current, settings) == app:
                    found[key] = current
        return found

    def within(self, namespace: str) -> Iterator[JsonObject]:
        """All objects of a namespace: a scan, for who begins to follow it."""
        for cache in self._watched.values():
            yield from cache.list(namespace) if cache.resource.namespaced else ()

    def wrote(self, obj: JsonObject) -> None:
        self._written[resource_key(obj)] = obj

    def forget(self, key: ResourceKey) -> None:
        self._written.pop(key, None)

    def resource(self, obj: JsonObject) -> Resource | None:
        return self.kinds.of(obj)

    def _index(self, cache: Cache, settings: Settings) -> None:
        cache.add_index(_index_name(settings), _values(settings))

    def _heard(self, old: JsonObject | None, new: JsonObject | None) -> None:
        obj = new or old
        if obj is None:
            return
        if new is None:
            self._written.pop(resource_key(obj), None)
        self.orphans.heard(old, new)
        self._changed(obj)
        if (
            old is not None
            and new is not None
            and annotations_of(old).get(TRACKING_ID) != annotations_of(new).get(TRACKING_ID)
        ):
            self._changed(old)


def revision(obj: JsonObject) -> int:
    """Versions count up in every API server that there is; 0 for one that does not say."""
    text = str((obj.get("metadata") or {}).get("resourceVersion") or "")
    return int(text) if text.isdigit() else 0


def _index_name(settings: Settings) -> str:
    return "gitops/tracking-id" if settings.tracking_method != "label" else f"gitops/label/{settings.label_key}"


def _values(settings: Settings) -> Callable[[JsonObject], Iterable[str]]:
    if settings.tracking_method == "label":
        label = settings.label_key

        def by_label(obj: JsonObject) -> Iterable[str]:
            value = ((obj.get("metadata") or {}).get("labels") or {}).get(label)
            return (f"{label}={value}",) if value else ()

        return by_label

    def by_annotation(obj: JsonObject) -> Iterable[str]:
        found = parse(annotations_of(obj).get(TRACKING_ID) or "")
        return (found.app,) if found else ()

    return by_annotation
