"""The work queue of one controller: which keys are due, each at most once, and never two workers on one key.

Keys, not events: everything that happens to an object while it is queued or being processed causes one more turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context
from functools import partial

from argosy.machinery.objects import Key
from argosy.runtime.backoff import Backoff
from argosy.runtime.chance import Rng
from argosy.runtime.clock import Clock, TimerHandle
from argosy.runtime.workqueue.timing import QueueTiming

CONTINUED_IN_A_ROW = 8
"""Keys that continue, before one that waits for its first turn."""
SHORTEST = 0.001
"""Seconds. A delay below the clock's resolution would end too early, and be requested again at that instant."""


class QueueClosed(Exception):
    """The queue was shut down and nothing is left in it."""


class _Due:
    """A key that waits for its time; called when it has come. One object: tens of thousands wait for weeks."""

    __slots__ = ("_queue", "_timely", "at", "key", "timer")

    def __init__(self, queue: WorkQueue, key: Key, at: float, *, timely: bool) -> None:
        self._queue, self._timely = queue, timely
        self.key, self.at = key, at
        self.timer: TimerHandle | None = None

    def __call__(self) -> None:
        self._queue.came_due(self.key, timely=self._timely)

    def cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


class WorkQueue:
    """First in, first out, keys whose time has come before changes; coalescing; with delays and doubling retries per
    key.

    A key of which `continues` was said comes before those that wait for their first turn: of many that change at once
    some are finished early, instead of all at the end, and what they do at a later time is spread as well.
    """

    def __init__(self, clock: Clock, rng: Rng, backoff: Backoff | None = None) -> None:
        self.added_count = 0
        self.retried_count = 0
        self.timing: QueueTiming | None = None
        """Records each key's times, once metrics are used."""
        self.clock = self._clock = clock
        self._rng = rng
        self._backoff = backoff or Backoff()
        self._timely: deque[Key] = deque()
        """Ready, since their time has come: they must be on time, however much else is going on."""
        self._continued: deque[Key] = deque()
        """Ready by a consequence of their own last turn."""
        self._in_a_row = 0
        self._continues: set[Key] = set()
        self._ready: deque[Key] = deque()
        self._resync: deque[Key] = deque()
        """Ready, but only when nothing else is: keys enqueued by a restart or by a new replica."""
        self._dirty: set[Key] = set()
        self._working: dict[Key, bool] = {}
        """Keys being processed, and whether that is a resync."""
        self._failures: dict[Key, int] = {}
        self._due: dict[Key, _Due] = {}
        self._resting: dict[Key, TimerHandle] = {}
        """Keys that are handed out to nobody until their time has come, whatever changes."""
        self._getters: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        """Number of ready keys, without those being processed or waiting for their time."""
        return len(self._timely) + len(self._continued) + len(self._ready) + len(self._resync)

    @property
    def working_count(self) -> int:
        return len(self._working)

    @property
    def is_idle(self) -> bool:
        return self._idle.is_set()

    def add(self, key: Key, *, resync: bool = False) -> None:
        """`resync`: let changes go first."""
        if self._closed or key in self._dirty:
            return
        self.added_count += 1
        self._dirty.add(key)
        if key not in self._working and key not in self._resting:
            self._enqueue(key, resync=resync)

    def add_after(self, key: Key, seconds: float, *, background: bool = False) -> None:
        """Adds later; of several delays for one key the earliest counts."""
        if self._closed:
            return
        if seconds <= 0:
            self.add(key)
            return
        seconds = max(seconds, SHORTEST)
        at = self._clock.monotonic() + seconds
        if (due := self._due.get(key)) is not None:
            if due.at <= at:
                return
            due.cancel()
        timely = not background and key not in self._failures
        due = self._due[key] = _Due(self, key, at, timely=timely)
        # Outside the calling turn: a timer keeps the context that it was set in alive.
        due.timer = Context().run(self._clock.call_later, seconds, due, background=background)

    def retry(self, key: Key, *, at_least: float = 0.0, at_most: float | None = None) -> float:
        """Adds after a delay that doubles with each failure of this key; returns the delay."""
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self.retried_count += 1
        delay = self._backoff.delay(failures, self._rng)
        delay = max(at_least, delay if at_most is None else min(at_most, delay))
        # A key that keeps failing must not keep a rehearsal alive for ever.
        self.add_after(key, delay, background=delay >= self._backoff.longest)
        return delay

    def forget(self, key: Key) -> None:
        """The key succeeded: its next failure starts from the first delay, and no earlier delay wakes it."""
        self._failures.pop(key, None)
        self._continues.discard(key)
        if (due := self._due.pop(key, None)) is not None:
            due.cancel()

    def continues(self, key: Key) -> None:
        """Its turn wrote something: what that causes comes next."""
        self._continues.add(key)

    def rest(self, key: Key, seconds: float) -> None:
        """Gives the key to nobody for so long, and holds up no worker. What happens to it until then is one turn."""
        if self._closed or key in self._resting:
            return
        work = partial(self._rested, key)
        self._resting[key] = Context().run(self._clock.call_later, seconds, work, background=True)

    def failures(self, key: Key) -> int:
        return self._failures.get(key, 0)

    async def get(self) -> Key:
        """The next key, which is then this worker's until `done`. Raises QueueClosed."""
        while not len(self):
            if self._closed:
                raise QueueClosed
            getter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._getters.append(getter)
            try:
                await getter
            except asyncio.CancelledError:
                self._pass_on(getter)
                raise
        lane = self._next_lane()
        is_resync, key = lane is self._resync, lane.popleft()
        self._dirty.discard(key)
        self._working[key] = is_resync
        if self.timing is not None:
            self.timing.taken(key)
        return key

    def _next_lane(self) -> deque[Key]:
        if self._timely:
            return self._timely
        if self._continued and (self._in_a_row < CONTINUED_IN_A_ROW or not self._ready):
            self._in_a_row += 1
            return self._continued
        self._in_a_row = 0
        return self._ready or self._resync

    def is_resync(self, key: Key) -> bool:
        """Whether a key being processed was added by a resync: no change caused it."""
        return self._working.get(key, False)

    def done(self, key: Key) -> None:
        self._working.pop(key, None)
        if self.timing is not None:
            self.timing.done(key)
        if key in self._dirty and key not in self._resting:
            self._enqueue(key)
        elif not len(self) and not self._working:
            self._idle.set()

    def shut_down(self) -> None:
        """Accepts no more keys; ready ones are still handed out, waiting ones are dropped."""
        self._closed = True
        for waiting in (*self._due.values(), *self._resting.values()):
            waiting.cancel()
        self._due.clear()
        for getter in self._getters:
            if not getter.done():
                getter.set_result(None)

    async def wait_idle(self) -> None:
        """Until nothing is ready or being processed; delays do not count."""
        await self._idle.wait()

    def _enqueue(self, key: Key, *, resync: bool = False) -> None:
        self._idle.clear()
        if key in self._continues:
            self._continues.discard(key)
            self._continued.append(key)
        else:
            (self._resync if resync else self._ready).append(key)
        self._is_ready(key)

    def _is_ready(self, key: Key) -> None:
        if self.timing is not None:
            self.timing.ready(key)
        self._wake_one()

    def _wake_one(self) -> None:
        while self._getters:
            getter = self._getters.popleft()
            if not getter.done():
                getter.set_result(None)
                return

    def _pass_on(self, getter: asyncio.Future[None]) -> None:
        """A worker that was woken and cancelled at once passes its turn to the next one."""
        if getter in self._getters:
            self._getters.remove(getter)
        elif len(self):
            self._wake_one()

    def _rested(self, key: Key) -> None:
        del self._resting[key]
        if key in self._dirty and key not in self._working:
            self._enqueue(key)

    def came_due(self, key: Key, *, timely: bool) -> None:
        self._due.pop(key, None)
        is_taken = key in self._dirty or key in self._working or key in self._resting
        if timely and not self._closed and not is_taken:
            self.added_count += 1
            self._dirty.add(key)
            self._idle.clear()
            self._timely.append(key)
            self._is_ready(key)
        else:
            self.add(key)
