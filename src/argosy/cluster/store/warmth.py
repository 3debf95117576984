"""Which objects stay decoded: as Python objects they weigh ten times their bytes, and most are never looked at again.

A clock with a second chance: whoever was used since the hand passed stays, so that a look costs no bookkeeping.
"""

from __future__ import annotations

from collections import deque

from argosy.cluster.store.entry import Change, Entry

DECODED = 2048
"""Objects that stay decoded in a store."""
FRAMES = 512
"""Changes of which the events stay at hand; a watcher that is further behind has them made again."""


class Warmth:
    def __init__(self, limit: int = DECODED) -> None:
        self._limit = limit
        self._warm: deque[Entry] = deque()
        self._framed: deque[Change] = deque()

    def add(self, entry: Entry) -> None:
        """`entry` is decoded now; another one may not be from now on."""
        warm = self._warm
        warm.append(entry)
        while len(warm) > self._limit:
            oldest = warm.popleft()
            if oldest.used:
                oldest.used = False
                warm.append(oldest)
            else:
                oldest.cool()

    def framed(self, change: Change) -> None:
        """Events of `change` were made; those of an older one go."""
        self._framed.append(change)
        if len(self._framed) > FRAMES:
            self._framed.popleft().frames.clear()
