"""An asyncio loop whose time jumps: the driver under `runtime.virtual`.

asyncio tells its selector to wait when nothing is ready to run. This loop handles that itself: while outside
work is in progress it waits for real, otherwise it moves its own time to the next deadline and wakes every timer of
that instant in the order in which they were set. Nothing here polls, sleeps or starts a thread.
docs/decisions/0001-virtual-time.md has the reasons.
"""

from __future__ import annotations

import asyncio
import heapq
import selectors
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextvars import Context, ContextVar
from itertools import count
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

INSIDE_EXTERNAL: ContextVar[bool] = ContextVar("inside_external", default=False)
"""True in tasks that do outside work: their timers, threads and sockets are real."""

TRACED_ROUNDS = 200
"""How many rounds before the livelock limit the loop records what it runs."""


class VirtualTimeError(Exception):
    """A run under virtual time cannot continue."""


class LivelockError(VirtualTimeError):
    """Work continues endlessly at one instant, so time would never move."""


class StuckError(VirtualTimeError):
    """Nothing is ready, no timer is set and no outside work is in progress: what is awaited can never happen."""


class EndOfTimeError(VirtualTimeError):
    """The run passed its last allowed instant."""


class OrderedTask(asyncio.Task[Any]):
    """Hashes by age, so that the sets inside asyncio (TaskGroup, wait) iterate alike in every process."""

    def __init__(self, *args: Any, sequence: int, **kwargs: Any) -> None:
        self.sequence = sequence
        super().__init__(*args, **kwargs)

    def __hash__(self) -> int:
        return self.sequence

    def __eq__(self, other: object) -> bool:
        return self is other


class VirtualTimer(asyncio.TimerHandle):
    """One deadline; ties go by `sequence`."""

    def __init__(
        self,
        when: float,
        sequence: int,
        background: bool,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        loop: VirtualLoop,
        context: Context | None,
    ) -> None:
        super().__init__(when, callback, args, loop, context)
        self.sequence = sequence
        self.background = background
        self.context = context
        self._forget: Callable[[VirtualTimer], None] = loop.forget
        self.due = (callback, args)
        self.waiting = True

    def cancel(self) -> None:
        if not self.cancelled():
            self._forget(self)
            self.due = (_nothing, ())
        super().cancel()

    def fire(self) -> None:
        callback, args = self.due
        callback(*args)


class Hold:
    """One piece of outside work; while it is open, time does not advance."""

    __slots__ = ("delivered", "finished")

    def __init__(self, delivered: asyncio.Future[None]) -> None:
        self.delivered = delivered
        self.finished = False


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0.0 and moves only when nothing else can."""

    def __init__(self, *, rounds_per_instant: int = 1_000_000, end: float = float("inf")) -> None:
        self.watchers: list[Callable[[], bool]] = []
        """Called in order whenever nothing is ready, before time moves; True means that it woke a task."""
        self._virtual_now = 0.0
        self._sequence = count()
        self._timers: list[tuple[float, int, VirtualTimer]] = []
        self._real_timers: list[tuple[float, int, VirtualTimer]] = []
        self._foreground = 0
        self._holds: deque[Hold] = deque()
        self._rounds = 0
        self._rounds_per_instant = rounds_per_instant
        self._end = end
        self._trace: Counter[str] | None = None
        self._quitting = False
        self._io = selectors.DefaultSelector()
        super().__init__(_JumpingSelector(self._io, self._round))
        self.set_task_factory(_ordered_task)

    @property
    def virtual_time(self) -> float:
        """Like `time()`, also inside of outside work."""
        return self._virtual_now

    @property
    def foreground_timers(self) -> int:
        return self._foreground

    @property
    def next_deadline(self) -> float | None:
        self._drop_cancelled(self._timers)
        return self._timers[0][0] if self._timers else None

    def next_sequence(self) -> int:
        return next(self._sequence)

    def time(self) -> float:
        return time.monotonic() if INSIDE_EXTERNAL.get() else self._virtual_now  # noqa: TID251 real work, real time

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> VirtualTimer:
        return self.set_timer(when, callback, *args, context=context)

    def set_timer(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        background: bool = False,
        context: Context | None = None,
    ) -> VirtualTimer:
        """Like `call_at`. A background timer does not keep a run alive."""
        real = INSIDE_EXTERNAL.get()
        timer = VirtualTimer(when, self.next_sequence(), background or real, callback, args, self, context)
        heapq.heappush(self._real_timers if real else self._timers, (when, timer.sequence, timer))
        self._foreground += not timer.background
        return timer

    def forget(self, timer: VirtualTimer) -> None:
        if timer.waiting:
            timer.waiting = False
            self._foreground -= not timer.background

    def hold(self) -> Hold:
        """Stops time until the hold is marked finished; `delivered` is set in the order of the calls to this method."""
        hold = Hold(self.create_future())
        self._holds.append(hold)
        return hold

    def quit(self) -> None:
        """From here on only tasks that shut down are run: no limit counts, no watcher is called."""
        self._quitting = True
        self.watchers.clear()
        self._new_instant()

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        self._must_be_held("a thread")
        return super().run_in_executor(executor, func, *args)

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        self._must_be_held("a child process")
        return await super().subprocess_exec(*args, **kwargs)

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        self._must_be_held("a connection")
        return await super().create_connection(*args, **kwargs)

    def _must_be_held(self, what: str) -> None:
        if not INSIDE_EXTERNAL.get() and not self._quitting:
            raise VirtualTimeError(f"{what} was started under virtual time outside of Clock.external")

    def _round(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        """asyncio's idea of waiting. `timeout` 0: callbacks are ready; None: nothing is."""
        self._count_round()
        if timeout == 0:
            return self._wait(0.0) if self._holds else []
        if self._holds:
            return self._deliver_or_wait()
        if any(watcher() for watcher in tuple(self.watchers)):
            return []
        self._jump()
        return []

    def _count_round(self) -> None:
        self._rounds += 1
        left = self._rounds_per_instant - self._rounds
        if left > TRACED_ROUNDS or self._quitting:
            return
        if self._trace is None:
            self._trace = Counter()
        if left <= 0:
            ran = ", ".join(f"{name} ({times}x)" for name, times in self._trace.most_common(5))
            raise LivelockError(
                f"{self._rounds} rounds at {self._virtual_now:g} s without time moving; ran last: {ran or 'nothing'}"
            )

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        if self._trace is not None:
            self._trace[_name_of(callback)] += 1
        return super().call_soon(callback, *args, context=context)

    def _deliver_or_wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        """The oldest hold goes first, whichever finished first, and only when everything it may race with is idle."""
        oldest = self._holds[0]
        if not oldest.finished:
            return self._wait(None)
        self._holds.popleft()
        if not oldest.delivered.done():
            oldest.delivered.set_result(None)
        return []

    def _wait(self, longest: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        self._rounds = 0
        self._drop_cancelled(self._real_timers)
        if longest is None and self._real_timers:
            longest = max(0.0, self._real_timers[0][0] - time.monotonic())  # noqa: TID251 real work, real time
        events = self._io.select(longest)
        self._fire(self._real_timers, time.monotonic())  # noqa: TID251 real work, real time
        return events

    def _jump(self) -> None:
        deadline = self.next_deadline
        if deadline is None:
            raise StuckError(f"nothing can run at {self._virtual_now:g} s: no timer is set and no outside work is open")
        if deadline > self._end and not self._quitting:
            raise EndOfTimeError(f"the next deadline, {deadline:g} s, is past the end of the run, {self._end:g} s")
        if deadline > self._virtual_now:
            self._virtual_now = deadline
            self._new_instant()
        self._fire(self._timers, self._virtual_now)

    def _new_instant(self) -> None:
        self._rounds = 0
        self._trace = None

    def _fire(self, timers: list[tuple[float, int, VirtualTimer]], now: float) -> None:
        while timers and timers[0][0] <= now:
            timer = heapq.heappop(timers)[2]
            if not timer.cancelled():
                self.forget(timer)
                self.call_soon(timer.fire, context=timer.context)

    @staticmethod
    def _drop_cancelled(timers: list[tuple[float, int, VirtualTimer]]) -> None:
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)


class _JumpingSelector(selectors.BaseSelector):
    """Registers real sockets as asyncio requires, but lets the loop decide what waiting means."""

    def __init__(
        self,
        io: selectors.BaseSelector,
        wait: Callable[[float | None], list[tuple[selectors.SelectorKey, int]]],
    ) -> None:
        self._io = io
        self._wait = wait

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._io.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._io.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._io.modify(fileobj, events, data)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._wait(timeout)

    def close(self) -> None:
        self._io.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._io.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._io.get_key(fileobj)


def _ordered_task(loop: asyncio.AbstractEventLoop, coro: Any, **kwargs: Any) -> OrderedTask:
    assert isinstance(loop, VirtualLoop)
    return OrderedTask(coro, loop=loop, sequence=loop.next_sequence(), **kwargs)


def _name_of(callback: Callable[..., object]) -> str:
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, VirtualTimer):
        owner = getattr(owner.due[0], "__self__", None) or owner.due[0]
    if isinstance(owner, asyncio.Task):
        return f"{owner.get_name()} in {getattr(owner.get_coro(), '__qualname__', 'a coroutine')}"
    return str(getattr(callback, "__qualname__", None) or type(callback).__name__)


def _nothing() -> None:
    return None
