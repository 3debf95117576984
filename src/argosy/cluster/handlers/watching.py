"""watch (spec 9.2): a watcher is a position in its kind's ring, a predicate and a wake-up; no queue, no own task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Literal

import orjson

from argosy.cluster.errors import expired, invalid, invalid_options, too_large_revision
from argosy.cluster.handlers.core import Core
from argosy.cluster.handlers.reading import revision_of
from argosy.cluster.handlers.selection import Predicate, selection
from argosy.cluster.kind import Kind
from argosy.cluster.ports import Clock, TimerHandle
from argosy.cluster.request import ApiRequest, Frame, Options
from argosy.cluster.store import Change, Entry, Table
from argosy.machinery.api import WatchEvent
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import Cause, StatusError
from argosy.machinery.text.go_text import quoted

BOOKMARK_SECONDS = 60.0
BOOKMARK_BEFORE_END = 2.0
SHORTEST, LONGEST = 1800.0, 3600.0
"""A watch without timeoutSeconds lasts a random time between these."""
FUTURE_PATIENCE = 3.0
BATCH = 500
INITIAL_BATCH = 100
INITIAL_END = "k8s.io/initial-events-end"

Type = Literal["ADDED", "MODIFIED", "DELETED"]


async def watch(core: Core, request: ApiRequest) -> AsyncIterator[list[Frame]]:
    """Raises StatusError: before the first batch for a bad request; 410 when the revision or the watcher is too old."""
    kind, options = request.kind, request.options
    check_watch_options(options)
    matches = selection(kind, options).matches
    watcher = Watcher(core, kind, request.namespace if kind.resource.namespaced else "", matches)
    clock_ends = core.clock.now() + timedelta(seconds=_lifetime(core, options))
    start = _start(kind, options)
    first: list[Entry] = []
    last: list[Frame] = []
    if options.send_initial_events or (options.send_initial_events is None and start == 0):
        await watcher.reach(start)
        first = watcher.begin_now()
        if options.send_initial_events and options.allow_bookmarks:
            last.append(watcher.bookmark(initial_end=True))
    else:
        await watcher.begin_after(start)
    # In small batches: a slow client causes no more than that in memory, and other work gets its turn in between.
    while len(first) > INITIAL_BATCH:
        yield watcher.added(first[:INITIAL_BATCH])
        del first[:INITIAL_BATCH]
        await core.clock.sleep(0)
    if first or last:
        yield watcher.added(first) + last
    async for frames in watcher.live(clock_ends, bookmarks=options.allow_bookmarks):
        yield frames


def _start(kind: Kind, options: Options) -> int:
    """Raises StatusError 422 for an invalid resourceVersion: a watch words that error differently than a list."""
    try:
        return revision_of(options.resource_version)
    except StatusError:
        text = options.resource_version
        message = f"Invalid value: {quoted(text)}: strconv.ParseUint: parsing {quoted(text)}: invalid syntax"
        resource = kind.resource
        raise invalid(resource.group, resource.plural, "", [Cause("resourceVersion", message)]) from None


def _lifetime(core: Core, options: Options) -> float:
    return float(options.timeout_seconds) if options.timeout_seconds else core.lifetimes.uniform(SHORTEST, LONGEST)


def check_watch_options(options: Options) -> None:
    """Raises StatusError 422 on kind ListOptions."""

    def refuse(field: str, text: str) -> StatusError:
        return invalid_options("ListOptions", field, f"Forbidden: {text}", "FieldValueForbidden")

    match = options.resource_version_match
    if options.send_initial_events is None:
        if match:
            text = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            raise refuse("resourceVersionMatch", text)
        return
    if match != "NotOlderThan":
        if match and match != "Exact":
            text = f'Unsupported value: {quoted(match)}: supported values: "NotOlderThan"'
            raise invalid_options("ListOptions", "resourceVersionMatch", text, "FieldValueNotSupported")
        text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise refuse("resourceVersionMatch", text)
    if options.continue_token:
        raise refuse("continue", "continue is forbidden for watch")


class Watcher:
    def __init__(self, core: Core, kind: Kind, namespace: str, matches: Predicate | None) -> None:
        self.core = core
        self.kind = kind
        self.namespace = namespace
        self.matches = matches
        self.table: Table = core.table(kind)
        self.position = 0
        self.sent = 0
        """The revision that a bookmark may carry: all changes up to it were sent."""

    async def reach(self, start: int) -> None:
        """Waits a little for a revision of the near future."""
        if start <= self.core.store.revision:
            return
        deadline = self.core.clock.now() + timedelta(seconds=FUTURE_PATIENCE)
        while start > self.core.store.revision:
            if self.core.clock.now() >= deadline:
                raise too_large_revision(start, self.core.store.revision)
            await self.core.clock.sleep(0.1)

    def added(self, entries: list[Entry]) -> list[Frame]:
        return [self._frame("ADDED", entry) for entry in entries]

    def begin_now(self) -> list[Entry]:
        """The current objects, in the state whose writes have been acknowledged."""
        table, store = self.table, self.core.store
        self.position = table.base + len(table.ring) if store.answers_at_once else table.shown
        pending = table.ring[self.position - table.base :]
        self.sent = pending[0].rev - 1 if pending else store.revision
        scan = table.scan_at(self.sent, self.namespace) if pending else table.scan(self.namespace)
        matches = self.matches
        return [entry for entry in scan if matches is None or matches(entry.peek)]

    async def begin_after(self, start: int) -> None:
        store = self.core.store
        await self.reach(start)
        if start < store.compacted:
            raise expired(f"too old resource version: {start} ({store.compacted})")
        self.position = self.table.position_after(start)
        self.sent = start

    async def live(self, ends: datetime, *, bookmarks: bool) -> AsyncIterator[list[Frame]]:
        """Batches until `ends` or until the kind is no longer served."""
        agenda = _Agenda(self.core.clock, ends, bookmarks=bookmarks)
        try:
            while True:
                frames = self.drain()
                if agenda.rang and agenda.bookmark_is_due():
                    frames.append(self.bookmark())
                if frames:
                    yield frames
                    continue
                if agenda.is_over() or self.table.closed:
                    return
                await self._next_change(agenda)
        finally:
            agenda.close()

    async def _next_change(self, agenda: _Agenda) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.table.waiters.append(wake)
        agenda.wait_with(wake)
        try:
            await wake
        except asyncio.CancelledError:
            if wake in self.table.waiters:
                self.table.waiters.remove(wake)
            raise

    def drain(self) -> list[Frame]:
        """The changes since the last call, at most one batch. Raises StatusError 410 when the ring has moved on."""
        table = self.table
        if self.position < table.base:
            raise expired(f"too old resource version: {self.sent} ({self.core.store.compacted})")
        low = self.position - table.base
        high = min(table.shown - table.base, low + BATCH)
        if low >= high:
            return []
        changes = table.ring[low:high]
        self.position += len(changes)
        self.sent = changes[-1].rev
        frames = []
        for change in changes:
            if self.namespace and change.key.namespace != self.namespace:
                continue
            kind_of = self._type(change)
            if kind_of is not None:
                frames.append(self._shared(kind_of, change))
        return frames

    def _type(self, change: Change) -> Type | None:
        """What the change means to this watcher: objects enter and leave its selection."""
        matches = self.matches
        before = change.old is not None and (matches is None or matches(change.old.obj))
        after = change.new is not None and (matches is None or matches(change.new.obj))
        if after:
            return "MODIFIED" if before else "ADDED"
        return "DELETED" if before else None

    def _shared(self, event: Type, change: Change) -> Frame:
        """Serialised once for all watchers of this version."""
        place = (event, self.kind.resource.version + self.kind.resource.group)
        frame = change.frames.get(place)
        if frame is None:
            entry = change.last if event == "DELETED" else change.new
            assert entry is not None
            frame = change.frames[place] = self._frame(event, entry)
            self.core.store.warmth.framed(change)
        return frame

    def _frame(self, event: Type, entry: Entry) -> Frame:
        obj = self.kind.from_storage(entry.obj)
        return Frame(WatchEvent(event, obj), entry.encoded if obj is entry.obj else orjson.dumps(obj))

    def bookmark(self, *, initial_end: bool = False) -> Frame:
        store = self.core.store
        if self.position == self.table.base + len(self.table.ring):
            self.sent = max(self.sent, store.revision)  # nothing of this kind happened since
        metadata: JsonObject = {
            "resourceVersion": str(self.sent),
        }
        if initial_end:
            metadata["annotations"] = {INITIAL_END: "true"}
        resource = self.kind.resource
        obj: JsonObject = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        return Frame(WatchEvent("BOOKMARK", obj), orjson.dumps(obj))


class _Agenda:
    """When a watcher has work besides changes: bookmarks, its end. One timer, reset only when it fires."""

    def __init__(self, clock: Clock, ends: datetime, *, bookmarks: bool) -> None:
        self._clock = clock
        self._end_at = ends
        now = clock.now()
        last = ends - timedelta(seconds=BOOKMARK_BEFORE_END)
        self._last = last if bookmarks and last > now else ends
        self._next = now + timedelta(seconds=BOOKMARK_SECONDS) if bookmarks else ends
        self._waiting: asyncio.Future[None] | None = None
        self._timer: TimerHandle | None = None
        self.rang = False
        self._set()

    def _set(self) -> None:
        self.rang = False
        due = min(self._next, self._last, self._end_at)
        seconds = max(0.0, (due - self._clock.now()).total_seconds())
        self._timer = self._clock.call_later(seconds, self._ring, background=True)

    def _ring(self) -> None:
        self.rang = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def wait_with(self, wake: asyncio.Future[None]) -> None:
        self._waiting = wake
        if self.rang and not wake.done():
            wake.set_result(None)

    def bookmark_is_due(self) -> bool:
        """Advances to the next bookmark time, except at the end of the watch."""
        now = self._clock.now()
        if now >= self._end_at:
            return False
        due = now >= min(self._next, self._last)
        if now >= self._next:
            self._next = now + timedelta(seconds=BOOKMARK_SECONDS)
        if now >= self._last:
            self._last = self._end_at
        self._set()
        return due

    def is_over(self) -> bool:
        return self.rang and self._clock.now() >= self._end_at

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
