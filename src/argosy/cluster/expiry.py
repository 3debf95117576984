"""Deletes Events an hour after their last change, like upstream's storage lease."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from argosy.cluster.handlers.core import Core
from argosy.cluster.ports import TimerHandle
from argosy.cluster.store import Change
from argosy.machinery.objects import Key

LIFETIME = timedelta(hours=1)
PATIENCE = 60.0
"""Seconds until a retry when the store refuses writes."""


class EventExpiry:
    """Runs in the background when the oldest event is due: it never keeps a rehearsal alive."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._table = core.store.table("", "events")
        self._due: deque[tuple[datetime, Key, int]] = deque()
        self._timer: TimerHandle | None = None

    def start(self) -> None:
        """Events from before a restart get a full hour again: the time of their last change is not stored."""
        due = self._core.clock.now() + LIFETIME
        self._due.extend((due, entry.key, entry.rev) for entry in self._table.scan())
        self._set_timer()

    def changed(self, changes: Sequence[Change]) -> None:
        due = self._core.clock.now() + LIFETIME
        for change in changes:
            if change.plural == "events" and not change.group and change.new is not None:
                self._due.append((due, change.key, change.rev))
        self._set_timer()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        if self._timer is not None or not self._due:
            return
        seconds = (self._due[0][0] - self._core.clock.now()).total_seconds()
        self._timer = self._core.clock.call_later(max(0.0, seconds), self._expire, background=True)

    def _expire(self) -> None:
        self._timer = None
        now = self._core.clock.now()
        while self._due and self._due[0][0] <= now:
            _, key, rev = self._due[0]
            entry = self._table.entries.get(key)
            if entry is not None and entry.rev == rev:
                try:
                    self._core.store.delete(self._table, entry)
                except OSError:
                    self._timer = self._core.clock.call_later(PATIENCE, self._expire, background=True)
                    return
            self._due.popleft()
        self._set_timer()
