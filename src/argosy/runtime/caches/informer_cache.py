"""One cache: the objects of a kind, filled by list and watch.

`reflecting` decides what it does next; the loop here carries it out. A bad object, or a handler that raises, is
recorded in `trouble` and never stops it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable

from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject, Key, Resource, key_of
from argosy.machinery.requests import List, Watch
from argosy.machinery.status import StatusError
from argosy.runtime.backoff import Backoff
from argosy.runtime.caches.event_order import is_of_another, is_old, key_or_none, revision_of
from argosy.runtime.caches.indexer import Indexer
from argosy.runtime.caches.informer import Changed, Strip
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
from argosy.runtime.caches.shared_texts import SharedTexts
from argosy.runtime.chance import Rng
from argosy.runtime.client import Client
from argosy.runtime.clock import Clock

PAGE = 500
PATIENCE = 5
"""After so many consecutive failures a cache keeps trying, but nothing waits for it: it becomes background work."""
BACKOFF = Backoff(first=0.8, longest=30.0, jitter=1.0)
CHECKED_SECONDS = 3600.0
"""Seconds after which a cache is compared with a new list, so that a wrong one, whatever the cause, is corrected. Up
to half as much is added at random, so that not all caches list at once."""

log = logging.getLogger(__name__)


class InformerCache(Indexer):
    """A `Cache`, and the loop that fills it: `run` until cancelled."""

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
        texts: SharedTexts | None = None,
    ) -> None:
        super().__init__()
        self._client = client
        self._resource = resource
        self._clock = clock
        self._rng = rng
        self._metadata_only = metadata_only
        self._namespace = namespace
        self._strip = outline if strip is None and metadata_only else strip
        self._texts = texts or SharedTexts()
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
        """The only namespace that is watched; empty means all."""
        return self._namespace

    def correct(self, key: Key, obj: JsonObject | None) -> None:
        """The result of a comparison with the server: the object as it is there, or None if there is none."""
        if obj is None:
            self._drop(key, None)
        else:
            self._take(obj)

    @property
    def synced(self) -> bool:
        return self._synced.is_set()

    @property
    def seen_up_to(self) -> int:
        """Resource versions count up in every known API server; 0 for one whose versions are not numbers."""
        return int(self._revision) if self._revision.isdigit() else 0

    def on_change(self, handler: Changed, *, replay: bool = True) -> Callable[[], None]:
        self._handlers.append(handler)
        for obj in self.list() if replay else ():
            self._notify(handler, None, obj)
        return lambda: self._handlers.remove(handler) if handler in self._handlers else None

    @property
    def revision(self) -> str:
        """The cache shows every change up to this resourceVersion. Empty before the first list."""
        return self._revision

    def covers(self, key: Key) -> bool:
        """Whether an object of that key would be in it."""
        return self._namespace in ("", key.namespace)

    def on_progress(self, handler: Callable[[], None]) -> Callable[[], None]:
        """Called after `revision` changed. Must not raise or wait. Returns how to unsubscribe."""
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
                    # Only where the server ended the watch anyway, as every server does after some minutes.
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
            # Now, not at garbage collection: the connection is returned, and at the same moment in every run.
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        return WatchEnded(self._revision, self._progressed)

    def _happened(self, event: WatchEvent) -> None:
        if event.type == "DELETED":
            key = key_or_none(event.object)
            known = self._objects.get(key) if key is not None else None
            if known is not None and is_of_another(event.object, known):
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
        """An event may be late; a list is authoritative, even for a server that was restored to an earlier state."""
        key = key_or_none(obj)
        if key is None:
            self.trouble.bad_objects += 1
            return Key("", "")
        old = self._objects.get(key)
        if old is not None and (is_old(obj, old) if is_event else revision_of(obj) == revision_of(old) != ""):
            return key
        kept = obj if self._strip is None else self._stripped(obj)
        self._texts.share(kept)
        if old is None:
            key = key_of(kept)  # only the strings that the object has now
        self._put(key, kept)
        self._notify_all(old, kept)
        return key

    def _drop(self, key: Key | None, last: JsonObject | None) -> None:
        old = None if key is None else self._remove(key)
        if old is None:
            return
        self._notify_all(last if last is not None and self._strip is None else old, None)

    def _stripped(self, obj: JsonObject) -> JsonObject:
        assert self._strip is not None
        try:
            return self._strip(obj)
        except Exception:
            self.trouble.bad_objects += 1
            return obj

    def _notify_all(self, old: JsonObject | None, new: JsonObject | None) -> None:
        for handler in tuple(self._handlers):
            self._notify(handler, old, new)

    def _notify(self, handler: Changed, old: JsonObject | None, new: JsonObject | None) -> None:
        try:
            handler(old, new)
        except Exception as error:
            self.trouble.handler_errors += 1
            key = key_of(new or old or {"metadata": {}})
            # The type only: a message may quote the object, and the object may be a Secret (security rule 9).
            log.error("a handler failed on %s %s: %s", self._resource.qualified, key, type(error).__name__)
