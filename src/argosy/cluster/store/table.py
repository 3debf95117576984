"""The live objects of one kind, sorted, and the ring of its recent changes.

The ring serves watchers (a watcher is a position in it) and reads of the past: the state at revision R is the live
state with the changes after R undone, so that pages of one list are consistent without keeping a snapshot.
"""

from __future__ import annotations

from asyncio import Future
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from operator import attrgetter

from argosy.cluster.store.entry import Change, Entry
from argosy.machinery.objects import Key

_rev_of = attrgetter("rev")


class Table:
    __slots__ = ("base", "closed", "entries", "group", "keys", "plural", "ring", "shown", "waiters")

    def __init__(self, group: str, plural: str) -> None:
        self.group = group
        self.plural = plural
        self.entries: dict[Key, Entry] = {}
        self.keys: list[Key] = []
        self.ring: list[Change] = []
        self.base = 0
        """The position of `ring[0]`: positions count all changes since the start."""
        self.shown = 0
        """Changes before this position are durable, so they are visible to watchers."""
        self.waiters: list[Future[None]] = []
        self.closed = False
        """The kind is no longer served: watchers end."""

    def apply(self, change: Change) -> None:
        key = change.key
        if change.new is None:
            del self.entries[key]
            del self.keys[bisect_left(self.keys, key)]
        else:
            if change.old is None:
                insort(self.keys, key)
            self.entries[key] = change.new
        self.ring.append(change)

    def show(self, rev: int) -> None:
        """All changes up to revision `rev` are durable: wake the watchers."""
        self.shown = self.position_after(rev)
        self.wake()

    def wake(self) -> None:
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def forget(self, floor: int) -> None:
        """Drops changes up to revision `floor`, except those that watchers have not been shown."""
        count = min(bisect_right(self.ring, floor, key=_rev_of), self.shown - self.base)
        if count > 0:
            del self.ring[:count]
            self.base += count

    def position_after(self, rev: int) -> int:
        return self.base + bisect_right(self.ring, rev, key=_rev_of)

    def range(self, namespace: str) -> tuple[int, int]:
        """The indices in `keys` of one namespace; of all when it is empty."""
        if not namespace:
            return 0, len(self.keys)
        return bisect_left(self.keys, Key(namespace, "")), bisect_left(self.keys, Key(namespace + "\0", ""))

    def count_after(self, namespace: str, key: Key) -> int:
        """How many live objects of the namespace (or of all) come after `key`."""
        return self.range(namespace)[1] - bisect_right(self.keys, key)

    def scan(self, namespace: str = "", start: Key | None = None) -> Iterator[Entry]:
        low, high = self.range(namespace)
        if start is not None:
            low = max(low, bisect_left(self.keys, start))
        entries = self.entries
        for index in range(low, high):
            yield entries[self.keys[index]]

    def scan_at(self, rev: int, namespace: str = "", start: Key | None = None) -> Iterator[Entry]:
        """Like `scan`, in the state of revision `rev`, which the caller has checked not to be compacted."""
        past = self._past(rev, namespace, start)
        if not past:
            yield from self.scan(namespace, start)
            return
        gone = iter(sorted(key for key, entry in past.items() if entry is not None and key not in self.entries))
        pending = next(gone, None)
        for entry in self.scan(namespace, start):
            while pending is not None and pending < entry.key:
                yield _present(past[pending])
                pending = next(gone, None)
            then = past.get(entry.key, entry)
            if then is not None:
                yield then
        while pending is not None:
            yield _present(past[pending])
            pending = next(gone, None)

    def _past(self, rev: int, namespace: str, start: Key | None) -> dict[Key, Entry | None]:
        """The state at `rev` of the objects that changed after it."""
        past: dict[Key, Entry | None] = {}
        for change in self.ring[self.position_after(rev) - self.base :]:
            key = change.key
            if (not namespace or key.namespace == namespace) and (start is None or key >= start):
                past.setdefault(key, change.old)
        return past


def _present(entry: Entry | None) -> Entry:
    assert entry is not None
    return entry
