"""Shared caches: one list-and-watch per kind and cluster, whoever reads it.

Owns the copies of the cluster's objects in this process. `runtime.reflecting` decides what each cache does next; the
loop here carries it out. One bad object, or a handler that raises, is noted in `trouble` and never stops a cache.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left, insort
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.requests import List, Watch
from argosy.machinery.status import StatusError
from argosy.runtime.backoff import Backoff
from argosy.runtime.caches.informer import Cache, Changed, Strip
from argosy.runtime.caches.outline import outline
from argosy.runtime.caches.reflecting import (
    Aged,
    Failed,
    Happening,
    Listing,
    PageCame,
    State,
    Waited,
    Waiting,
    WatchEnded,
    Watching,
    step,
)
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PAGE = 500
PATIENCE = 5
"""After so many failures in a row a cache goes on trying, but nothing waits for it: it is background."""
BACKOFF = Backoff(first=0.8, longest=30.0, jitter=1.0)
CHECKED_SECONDS = 3600.0
"""After which a cache is compared with a new list: one that is wrong, by whatever fault, does not stay so for ever. Up
to half as much again by chance, so that not all caches list at once."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trouble:
    """What went wrong in a cache since it was started, for metrics and health."""

    failures: int = 0
    """Lists and watches in a row that failed; 0 again with the next one that works."""
    last_error: str = ""
    is_refused: bool = False
    """The last failure was that the server does not let us read this."""
    bad_objects: int = 0
    handler_errors: int = 0


@dataclass(slots=True)
class _Index:
    values: Callable[[JsonObject], Iterable[str]]
    keys: dict[str, set[Key]] = field(default_factory=dict)

    def add(self, key: Key, obj: JsonObject) -> None:
        for value in self.values(obj):
            self.keys.setdefault(value, set()).add(key)

    def remove(self, key: Key, obj: JsonObject) -> None:
        for value in self.values(obj):
            keys = self.keys.get(value)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self.keys[value]


class InformerCache:
    """A `Cache`, and what fills it: `run` until cancelled."""

    def __init__(
        self,
        client: Client,
        resource: Resource,
        clock: Clock,
        rng: Rng,
        *,
        metadata_only: bool = False,
        namespace: str = "",
        strip: Strip | None = None,
    ) -> None:
        self.trouble = Trouble()
        self._client = client
        self._resource = resource
        self._clock = clock
        self._rng = rng
        self._metadata_only = metadata_only
        self._namespace = namespace
        self._strip = outline if strip is None and metadata_only else strip
        self._objects: dict[Key, JsonObject] = {}
        self._sorted: dict[str, list[Key]] = {}
        self._indexes: dict[str, _Index] = {}
        self._handlers: list[Changed] = []
        self._followers: list[Callable[[], None]] = []
        self._synced = asyncio.Event()
        self._listed: set[Key] = set()
        self._revision = ""
        self._check_at = float("inf")
        self._progressed = False

    @property
    def resource(self) -> Resource:
        return self._resource

    @property
    def namespace(self) -> str:
        """The only one that is watched; empty: all."""
        return self._namespace

    def mend(self, key: Key, obj: JsonObject | None) -> None:
        """What a comparison with the server found: the object as it is there, or None where there is none."""
        if obj is None:
            self._drop(key, None)
        else:
            self._take(obj)

    @property
    def synced(self) -> bool:
        return self._synced.is_set()

    @property
    def seen_up_to(self) -> int:
        """Versions count up in every API server that there is; 0 for one that does not say."""
        return int(self._revision) if self._revision.isdigit() else 0

    def __len__(self) -> int:
        return len(self._objects)

    def get(self, key: Key) -> JsonObject | None:
        return self._objects.get(key)

    def list(self, namespace: str = "") -> Sequence[JsonObject]:
        if namespace:
            return [self._objects[key] for key in self._sorted.get(namespace, ())]
        return [self._objects[key] for space in sorted(self._sorted) for key in self._sorted[space]]

    def by_index(self, index: str, value: str) -> Sequence[JsonObject]:
        return [self._objects[key] for key in sorted(self._indexes[index].keys.get(value, ()))]

    def add_index(self, index: str, values: Callable[[JsonObject], Iterable[str]]) -> None:
        if index in self._indexes:
            return
        made = self._indexes[index] = _Index(_tolerant(values, self.trouble))
        for key, obj in self._objects.items():
            made.add(key, obj)

    def on_change(self, handler: Changed) -> Callable[[], None]:
        self._handlers.append(handler)
        for obj in self.list():
            self._tell(handler, None, obj)
        return lambda: self._handlers.remove(handler) if handler in self._handlers else None

    @property
    def revision(self) -> str:
        """How far the cache has come: it shows every change up to this resourceVersion. Empty before the first list."""
        return self._revision

    def covers(self, key: Key) -> bool:
        """Whether an object of that key would be in it."""
        return self._namespace in ("", key.namespace)

    def on_progress(self, handler: Callable[[], None]) -> Callable[[], None]:
        """Called after `revision` moved; returns how to stop. Must not raise or wait."""
        self._followers.append(handler)
        return lambda: self._followers.remove(handler) if handler in self._followers else None

    async def wait_synced(self) -> None:
        await self._synced.wait()

    async def run(self) -> None:
        """Lists and watches until cancelled."""
        state: State = Listing()
        while True:
            state = step(state, await self._carry_out(state))

    async def _carry_out(self, state: State) -> Happening:
        try:
            match state:
                case Listing(continue_token=token):
                    return await self._page(token)
                case Watching(resource_version=revision):
                    ended = await self._watch(revision)
                    # Only where the server ended it anyway, as every server does after some minutes.
                    return Aged() if self._clock.monotonic() >= self._check_at else ended
                case Waiting(failures=failures, at_least=at_least):
                    pause = max(at_least, BACKOFF.delay(failures, self._rng))
                    await self._clock.sleep(pause, background=not 0 < self.trouble.failures <= PATIENCE)
                    return Waited()
        except Exception as error:
            self.trouble.failures += 1
            self.trouble.last_error = str(error) if isinstance(error, StatusError) else type(error).__name__
            self.trouble.is_refused = isinstance(error, StatusError) and error.code in (401, 403)
            log.debug("%s of %s failed: %s", type(state).__name__, self._resource.qualified, self.trouble.last_error)
            return Failed(error, self._revision, self._progressed)

    async def _page(self, token: str) -> PageCame:
        if not token:
            self._listed = set()
        page = await self._client.page(
            List(
                resource=self._resource,
                namespace=self._namespace,
                limit=PAGE,
                continue_token=token,
                metadata_only=self._metadata_only,
            )
        )
        for obj in page.items:
            self._listed.add(self._take(obj))
        if not page.continue_token:
            self._forget_absent()
            self._revision = page.resource_version
            self._progressed = False
            self.trouble.failures = 0
            self._synced.set()
            self._check_at = self._clock.monotonic() + self._rng.uniform(CHECKED_SECONDS, 1.5 * CHECKED_SECONDS)
            self._progress()
        return PageCame(page.resource_version, page.continue_token)

    def _forget_absent(self) -> None:
        for key in sorted(self._objects.keys() - self._listed):
            self._drop(key, None)
        self._listed = set()

    async def _watch(self, revision: str) -> WatchEnded:
        self._revision, self._progressed = revision, False
        events = self._client.follow(
            Watch(
                resource=self._resource,
                namespace=self._namespace,
                resource_version=revision,
                metadata_only=self._metadata_only,
            )
        )
        try:
            async for event in events:
                self._progressed = True
                self.trouble.failures = 0
                self._happened(event)
        finally:
            # Now, not when memory is collected: the connection is given back, and at the same moment in every run.
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        return WatchEnded(self._revision, self._progressed)

    def _happened(self, event: WatchEvent) -> None:
        if event.type == "DELETED":
            key = _key_or_none(event.object)
            known = self._objects.get(key) if key is not None else None
            if known is not None and _is_of_another(event.object, known):
                return
            self._drop(key, event.object)
        elif event.type != "BOOKMARK":
            self._take(event.object, is_event=True)
        self._revision = (event.object.get("metadata") or {}).get("resourceVersion") or self._revision
        self._progress()

    def _progress(self) -> None:
        for follower in tuple(self._followers):
            follower()

    def _take(self, obj: JsonObject, *, is_event: bool = False) -> Key:
        """An event may come late; a list is the truth, even of a server that was restored to an earlier state."""
        key = _key_or_none(obj)
        if key is None:
            self.trouble.bad_objects += 1
            return Key("", "")
        old = self._objects.get(key)
        if old is not None and (_is_old_news(obj, old) if is_event else _revision_of(obj) == _revision_of(old) != ""):
            return key
        kept = obj if self._strip is None else self._stripped(obj)
        self._objects[key] = kept
        if old is None:
            insort(self._sorted.setdefault(key.namespace, []), key)
        for index in self._indexes.values():
            if old is not None:
                index.remove(key, old)
            index.add(key, kept)
        self._tell_all(old, kept)
        return key

    def _drop(self, key: Key | None, last: JsonObject | None) -> None:
        old = None if key is None else self._objects.pop(key, None)
        if key is None or old is None:
            return
        keys = self._sorted[key.namespace]
        del keys[bisect_left(keys, key)]
        if not keys:
            del self._sorted[key.namespace]
        for index in self._indexes.values():
            index.remove(key, old)
        self._tell_all(last if last is not None and self._strip is None else old, None)

    def _stripped(self, obj: JsonObject) -> JsonObject:
        assert self._strip is not None
        try:
            return self._strip(obj)
        except Exception:
            self.trouble.bad_objects += 1
            return obj

    def _tell_all(self, old: JsonObject | None, new: JsonObject | None) -> None:
        for handler in tuple(self._handlers):
            self._tell(handler, old, new)

    def _tell(self, handler: Changed, old: JsonObject | None, new: JsonObject | None) -> None:
        try:
            handler(old, new)
        except Exception as error:
            self.trouble.handler_errors += 1
            key = key_of(new or old or {"metadata": {}})
            # The type only: a message may quote the object, and the object may be a Secret (security rule 9).
            log.error("a handler failed on %s %s: %s", self._resource.qualified, key, type(error).__name__)


@dataclass(frozen=True, slots=True)
class _Which:
    resource: Resource
    metadata_only: bool
    namespace: str
    strip: Strip | None


class InformerCaches:
    """One cluster's caches. Runs inside `run`; a cache asked for before that starts when `run` does."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        rng: Rng,
        *,
        namespace: str = "",
        strips: dict[Resource, Strip] | None = None,
    ) -> None:
        """`namespace`: watch only this one. `strips`: what to leave out of the objects of a kind."""
        self._client = client
        self._clock = clock
        self._rng = rng
        self._namespace = namespace
        self._strips = strips or {}
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
                self._tasks = None  # who still reads while all stops finds an empty cache, and no error

    def _start(self, which: _Which) -> None:
        if self._tasks is not None:
            name = f"cache of {which.resource.qualified}"
            self._running[which] = self._tasks.create_task(self._caches[which].run(), name=name)


def without_managed_fields(obj: JsonObject) -> JsonObject:
    """A `Strip` for every kind: managed fields are often half of an object, and no decision here reads them."""
    metadata = obj.get("metadata") or {}
    if "managedFields" not in metadata:
        return obj
    return {**obj, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def _tolerant(values: Callable[[JsonObject], Iterable[str]], trouble: Trouble) -> Callable[[JsonObject], Iterable[str]]:
    def guarded(obj: JsonObject) -> Iterable[str]:
        try:
            return tuple(values(obj))
        except Exception:
            trouble.bad_objects += 1
            return ()

    return guarded


def _key_or_none(obj: JsonObject) -> Key | None:
    try:
        key = key_of(obj)
    except (KeyError, TypeError, AttributeError):
        return None
    return key if key.name else None


def _revision_of(obj: JsonObject) -> str:
    return (obj.get("metadata") or {}).get("resourceVersion") or ""


def _is_old_news(obj: JsonObject, known: JsonObject) -> bool:
    """What is known already, or older than that: an event may come twice, or late."""
    new, old = _revision_of(obj), _revision_of(known)
    return bool(new) and (new == old or (new.isdigit() and old.isdigit() and int(new) < int(old)))


def _is_of_another(gone: JsonObject, known: JsonObject) -> bool:
    """The deletion of one that had the name before, told late."""
    uids = [(obj.get("metadata") or {}).get("uid") for obj in (gone, known)]
    return None not in uids and uids[0] != uids[1] and _is_old_news(gone, known)
