"""Decides which objects stay decoded: as Python objects they need ten times their bytes, and most are not read again.

A clock with a second chance: an object that was used since the hand passed stays, so that a read needs no
bookkeeping. A replaced state is packed after this many more replacements: by then the watchers have seen it.
"""

from __future__ import annotations

from collections import deque

from argosy.cluster.store.entry import Change, Entry
from argosy.cluster.store.packing import LARGEST, Packing

DECODED = 2048
"""Maximum objects that stay decoded in a store."""
DECODED_BYTES = 32 << 20
"""Their total size as JSON: a few hundred of the largest would fill the memory, whether they are live or not."""
FRAMES = 512
"""Changes whose events stay cached; for a watcher that is further behind they are built again."""
REPLACED = 1024
"""Changes whose previous state stays unpacked."""


class Warmth:
    def __init__(self, limit: int = DECODED, bytes_limit: int = DECODED_BYTES) -> None:
        self._limit, self._bytes_limit = limit, bytes_limit
        self._warm: deque[tuple[Entry, int]] = deque()
        self._bytes = 0
        self._framed: deque[Change] = deque()
        self._replaced: deque[Change] = deque()
        self._large: deque[Change] = deque()
        self.packing = Packing()

    def add(self, entry: Entry) -> None:
        """`entry` is decoded now; another one may be packed for it."""
        warm = self._warm
        warm.append((entry, entry.size))
        self._bytes += entry.size
        while len(warm) > self._limit or self._bytes > self._bytes_limit:
            oldest, size = warm.popleft()
            if oldest.used:
                oldest.used = False
                warm.append((oldest, size))
            else:
                self._bytes -= size
                oldest.cool()

    def framed(self, change: Change) -> None:
        """Events of `change` were built; those of an older one are dropped."""
        self._framed.append(change)
        if len(self._framed) > FRAMES:
            self._framed.popleft().frames.clear()

    def replaced(self, change: Change) -> None:
        """The old state was replaced by another, or deleted."""
        if change.old is None:
            return
        if change.old.size > LARGEST:  # too large to be packed
            self._large.append(change)
            return
        self._replaced.append(change)
        if len(self._replaced) > REPLACED:
            _retire(self._replaced.popleft())

    def forget(self, floor: int) -> None:
        """Changes up to revision `floor` are no longer in the history."""
        while self._replaced and self._replaced[0].rev <= floor:
            self._replaced.popleft()
        while self._framed and self._framed[0].rev <= floor:
            self._framed.popleft()
        past: set[Entry] = set()
        while self._large and self._large[0].rev <= floor:
            past.update(self._large.popleft().past)
        if past:
            self._drop(past)

    def _drop(self, past: set[Entry]) -> None:
        """Nobody can read these states again: a few hundred large ones would hold all of the decoded bytes."""
        self._warm = deque(item for item in self._warm if item[0] not in past)
        self._bytes = sum(size for _, size in self._warm)


def _retire(change: Change) -> None:
    if change.old is not None:
        change.old.retire()
