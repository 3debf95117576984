"""All tables under one revision; writes of one event loop turn are committed together and then published.

A write changes memory at once, so that the next request sees it. Watchers and subscribers get it in `flush`, which
the first write of a turn schedules, after the journal has taken the batch. `durable()` is what an acknowledgement
waits for.

A batch that the journal refuses (the disk is full) is kept: its writers get an error, nothing more is accepted, and
each further attempt to write first retries that batch. So the disk never has a gap, and writing resumes by itself
when there is room.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from argosy.cluster.store.entry import Change, Entry, encode
from argosy.cluster.store.journal import Journal, LogRow, NoJournal
from argosy.cluster.store.table import Table
from argosy.cluster.store.warmth import Warmth
from argosy.machinery.objects import JsonObject, Key

HISTORY = timedelta(minutes=5)
HISTORY_REVISIONS = 10_000
"""A change is dropped when it is older than both limits allow (spec 19)."""
HISTORY_BYTES = 64 << 20
"""Bytes of stored objects: the older half of the history is dropped when there is more."""

FULL = "the disk is full: only deletes are accepted until there is room again"

Subscriber = Callable[[Sequence[Change]], None]


class Expired(Exception):
    """The requested revision is compacted."""


class TooLarge(Exception):
    """The requested revision is in the future."""


class Store:
    def __init__(self, now: Callable[[], datetime], journal: Journal | None = None) -> None:
        self._now = now
        self._journal: Journal = journal or NoJournal()
        self.revision = 1
        self.compacted = 0
        self.warmth = Warmth()
        self._tables: dict[tuple[str, str], Table] = {}
        self._subscribers: list[Subscriber] = []
        self._pending: list[Change] = []
        self._scheduled = False
        self._commit: asyncio.Future[None] | None = None
        """Resolved when the batch being collected is durable."""
        self._worker: asyncio.Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._marks: deque[tuple[datetime, int]] = deque()
        self._latest = self._now(), self.revision
        """When the last batch came, and its revision: marks are rare, and a burst ends between two of them."""
        self._weights: deque[tuple[int, int]] = deque()
        self._weight = 0
        """Bytes of the changes that are kept, by revision and in total."""
        self.broken: OSError | None = None
        """The journal refused a batch: memory is ahead of the disk, so nothing more is accepted until it takes it."""
        # A journal without a reserve is never short of room before it refuses.
        self._is_low: Callable[[], bool] = getattr(self._journal, "is_low", lambda: False)

    def load(self) -> None:
        """Loads what the journal has; a fork and an in-memory store are complete already."""
        if not self._journal.durable:
            return
        loaded = self._journal.load()
        self.revision = max(1, loaded.revision)
        self.compacted = self.revision
        for row in loaded.live:
            self.table(row.group, row.plural).entries[row.key] = Entry(
                row.key, row.rev, row.created_rev, encoded=row.encoded, warmth=self.warmth
            )
        for table in self._tables.values():
            table.keys = sorted(table.entries)
        self._restore(loaded.compacted, loaded.log)

    def _restore(self, compacted: int, log: Iterable[LogRow]) -> None:
        """Rebuilds the rings, so that watches resume over a restart; history starts where no previous state is lost."""
        last: dict[tuple[str, str, Key], Entry | None] = {}
        changes: list[Change] = []
        floor = compacted
        for row in log:
            place = (row.group, row.plural, row.key)
            entry = Entry(row.key, row.rev, row.created_rev, encoded=row.encoded, warmth=self.warmth)
            known = last.get(place)
            if known is None and (row.deleted or row.created_rev != row.rev):
                floor = max(floor, row.rev)
            else:
                changes.append(Change(row.group, row.plural, row.rev, known, None if row.deleted else entry))
            last[place] = None if row.deleted else entry
        for change in changes:
            if change.rev > floor:
                self.table(change.group, change.plural).ring.append(change)
        self.compacted = floor
        for table in self._tables.values():
            table.shown = len(table.ring)

    def close(self) -> None:
        self.flush()
        self._journal.close()
        if self._thread is not None:
            self._thread.shutdown()

    def _own_thread(self) -> ThreadPoolExecutor:
        """The event loop's own threads may all be waiting for a DNS server that does not answer."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        return self._thread

    def table(self, group: str, plural: str) -> Table:
        table = self._tables.get((group, plural))
        if table is None:
            table = self._tables[group, plural] = Table(group, plural)
        return table

    def drop(self, table: Table) -> None:
        """Its kind is no longer served; another one of the same name starts with an empty table."""
        del self._tables[table.group, table.plural]

    def tables(self) -> list[Table]:
        """In order of group and plural, so that nothing depends on which one was used first."""
        return [self._tables[place] for place in sorted(self._tables)]

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """`subscriber` gets every durable batch, in order of revisions, and must not raise. Returns how to stop."""
        self._subscribers = [*self._subscribers, subscriber]

        def stop() -> None:
            self._subscribers = [other for other in self._subscribers if other is not subscriber]

        return stop

    # -- writes ------------------------------------------------------------------------------------------------------

    def put(self, table: Table, key: Key, obj: JsonObject, old: Entry | None) -> Entry:
        """Stores `obj`, which belongs to the store from now on, under the next revision.

        Raises Unencodable for values that JSON cannot represent: here, so that it fails only its own writer. Raises
        OSError while the disk is full; objects that are being deleted may still be written then.
        """
        rev = self.revision + 1
        obj["metadata"]["resourceVersion"] = str(rev)
        encoded = encode(obj)
        if not obj["metadata"].get("deletionTimestamp") and self._is_low():
            raise OSError(errno.ENOSPC, FULL)
        created = old.created_rev if old is not None else rev
        entry = Entry(key, rev, created, obj, encoded=encoded, warmth=self.warmth)
        self._record(table, Change(table.group, table.plural, rev, old, entry))
        return entry

    def delete(self, table: Table, old: Entry) -> Change:
        change = Change(table.group, table.plural, self.revision + 1, old, None)
        self._record(table, change)
        return change

    def _record(self, table: Table, change: Change) -> None:
        if self.broken is not None:
            self._schedule()
            raise self.broken
        self.revision = change.rev
        table.apply(change)
        self.warmth.replaced(change)
        self._pending.append(change)
        self._schedule()

    @property
    def trouble(self) -> str:
        """Why nothing, or only deletes, can be written now; empty when all is well. Calling this retries."""
        if self.broken is not None:
            self._schedule()
            return self.broken.strerror or str(self.broken)
        return FULL if self._is_low() else ""

    def _schedule(self) -> None:
        if self._scheduled or self._worker is not None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no event loop: a caller outside one calls flush
        self._scheduled = True
        loop.call_soon(self._end_turn)

    @property
    def answers_at_once(self) -> bool:
        """Writers are answered before their batch is published: in memory there is nothing to wait for."""
        return not self._journal.durable

    async def durable(self) -> None:
        """Waits until all writes so far survive a crash of the process. Raises OSError when they do not: they may still
        be written later, as after a timeout.
        """
        if self.broken is not None:
            self._schedule()
            raise self.broken
        if not self._journal.durable or not self._pending:
            if self._worker is not None:
                await asyncio.shield(self._worker)
            return
        if self._commit is None:
            self._commit = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._commit)

    def _end_turn(self) -> None:
        self._scheduled = False
        if not self._journal.slow:
            self.flush()
        elif self._worker is None and self._pending:
            self._commit_in_thread()

    def _commit_in_thread(self) -> None:
        batch, waiting = self._take()
        loop = asyncio.get_running_loop()
        self._worker = loop.run_in_executor(self._own_thread(), self._journal.commit, batch)

        def finished(done: asyncio.Future[None]) -> None:
            self._worker = None
            error = done.exception()
            self._finish(batch, waiting, error)
            if self._pending and self.broken is None:
                self._schedule()

        self._worker.add_done_callback(finished)

    def flush(self) -> None:
        """Commits and publishes what is pending, now."""
        if not self._pending:
            return
        batch, waiting = self._take()
        error: BaseException | None = None
        try:
            self._journal.commit(batch)
        except OSError as refused:
            error = refused
        self._finish(batch, waiting, error)

    def _take(self) -> tuple[list[Change], asyncio.Future[None] | None]:
        batch, waiting = self._pending, self._commit
        self._pending, self._commit = [], None
        return batch, waiting

    def _finish(self, batch: list[Change], waiting: asyncio.Future[None] | None, error: BaseException | None) -> None:
        if error is not None:
            self._refuse(batch, waiting, error)
            return
        self.broken = None
        for table in dict.fromkeys(self.table(change.group, change.plural) for change in batch):
            table.show(batch[-1].rev)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        for subscriber in self._subscribers:
            subscriber(batch)
        self._weigh(batch)
        self._age()

    def _refuse(self, batch: list[Change], waiting: asyncio.Future[None] | None, error: BaseException) -> None:
        """Fails the writers of the batch and of later writes: none of it may be acknowledged before it is stored."""
        self.broken = error if isinstance(error, OSError) else OSError(str(error))
        self._pending = batch + self._pending
        later, self._commit = self._commit, None
        for waiter in (waiting, later):
            if waiter is not None and not waiter.done():
                waiter.set_exception(self.broken)

    # -- history -----------------------------------------------------------------------------------------------------

    def check_revision(self, rev: int) -> None:
        """Raises Expired or TooLarge."""
        if rev > self.revision:
            raise TooLarge
        if rev < self.compacted:
            raise Expired

    def _age(self) -> None:
        """Records which revision was reached when, and drops history by age and by number."""
        now = self._now()
        if not self._marks or now - self._marks[-1][0] >= timedelta(seconds=10):
            self._marks += (self._latest, (now, self.revision))
            self._forget_old(now)
        elif self.revision - self.compacted > 2 * HISTORY_REVISIONS:
            self.compact(self.revision - HISTORY_REVISIONS)
        self._latest = now, self.revision

    def _weigh(self, batch: Sequence[Change]) -> None:
        """Drops the older half of a history that has become large: it has few changes, and they are large."""
        for change in batch:
            if size := max((entry.size for entry in (change.old, change.new) if entry is not None), default=0):
                self._weights.append((change.rev, size))
                self._weight += size
        if self._weight > HISTORY_BYTES:
            floor = 0
            while self._weight > HISTORY_BYTES // 2:
                floor, size = self._weights.popleft()
                self._weight -= size
            self.compact(floor)

    def _forget_old(self, now: datetime) -> None:
        floor = 0
        while self._marks and now - self._marks[0][0] > HISTORY:
            floor = self._marks.popleft()[1]
        if floor > self.compacted:
            self.compact(floor)

    def compact(self, floor: int) -> None:
        """Drops all changes up to revision `floor`."""
        self.compacted = max(self.compacted, floor)
        while self._weights and self._weights[0][0] <= floor:
            self._weight -= self._weights.popleft()[1]
        for table in self._tables.values():
            table.forget(floor)
        self.warmth.forget(floor)
        self._journal.compact(floor)

    def fork(self, now: Callable[[], datetime]) -> Store:
        """An in-memory copy at this revision, with its own clock: objects are shared, later writes are not."""
        copy = Store(now)
        copy.revision = copy.compacted = self.revision
        for (group, plural), table in self._tables.items():
            own = copy.table(group, plural)
            own.entries, own.keys = table.entries.copy(), table.keys.copy()
        return copy
