"""Virtual time: a whole process - server, controllers, workloads - run deterministically from one seed.

    def test_a_pause_ends_after_ten_minutes() -> None:
        async def main(clock: VirtualClock, rng: SeededRng) -> None:
            async with Supervisor(...): await clock.settle()
        run_virtual(main, seed=7)

Hours take no time: when nothing is ready, the clock jumps to the next deadline. Work outside of the process (git,
a render worker, a thread) goes through `Clock.external`; the clock does not advance until its result is in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self, TypeVar

from argosy.runtime.chance import SeededRng
from argosy.runtime.clock import TimerHandle
from argosy.runtime.virtual_loop import INSIDE_EXTERNAL, OrderedTask, VirtualLoop, VirtualTimeError

T = TypeVar("T")

START = datetime(2030, 1, 1, tzinfo=UTC)


class Ending(StrEnum):
    """Why `settle` returned."""

    GOAL = "goal"
    QUIET = "quiet"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Settled:
    ending: Ending
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What ends a run that would not end by itself."""

    rounds_per_instant: int = 1_000_000
    duration: timedelta = timedelta(days=3650)


class VirtualClock:
    """The clock port over a `VirtualLoop`. `now` is exact: a timer set for T runs when `now() == T`."""

    def __init__(self, loop: VirtualLoop, start: datetime = START) -> None:
        self._loop = loop
        self._start = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return self._loop.virtual_time

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        woken = self._loop.create_future()
        timer = self.call_later(
            seconds, lambda: None if woken.done() else woken.set_result(None), background=background
        )
        try:
            await woken
        finally:
            timer.cancel()

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> TimerHandle:
        return self._loop.set_timer(_exact(self._loop.time() + max(0.0, seconds)), callback, background=background)

    async def external(self, work: Awaitable[T], *, takes: float = 0.0) -> T:
        if INSIDE_EXTERNAL.get():
            return await work
        hold = self._loop.hold()
        task: asyncio.Task[T] = self._loop.create_task(_outside(work))
        task.add_done_callback(lambda done: setattr(hold, "finished", True))
        try:
            await hold.delivered
        except asyncio.CancelledError:
            task.cancel()
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        if takes > 0:
            await self.sleep(takes)
        return task.result()

    async def settle(self, goal: Callable[[], bool] | None = None, *, within: timedelta | None = None) -> Settled:
        """Lets the rest of the process run until `goal` holds, or only background timers are left, or `within` is over.

        The goal is checked whenever nothing is ready to run, so it sees each instant after all of its work was done.
        Raises TimeoutError never: the caller reads `ending`.
        """
        done: asyncio.Future[Settled] = self._loop.create_future()
        deadline = None if within is None else _exact(self._loop.time() + within.total_seconds())
        alarm = None if deadline is None else self._loop.set_timer(deadline, lambda: None, background=True)

        def look() -> bool:
            if done.done():
                return False
            ending = self._ending(goal, deadline)
            if ending is not None:
                done.set_result(Settled(ending, self.now()))
            return ending is not None

        self._loop.watchers.append(look)
        try:
            return await done
        finally:
            if look in self._loop.watchers:
                self._loop.watchers.remove(look)
            if alarm is not None:
                alarm.cancel()

    def _ending(self, goal: Callable[[], bool] | None, deadline: float | None) -> Ending | None:
        if goal is not None and goal():
            return Ending.GOAL
        if deadline is not None and self.monotonic() >= deadline:
            return Ending.DEADLINE
        if not self._loop.foreground_timers and (goal is None or deadline is None):
            return Ending.QUIET
        return None


class VirtualProcess:
    """One loop, one clock and one seed, for callers that run several coroutines one after another."""

    def __init__(self, seed: int = 0, start: datetime = START, limits: Limits | None = None) -> None:
        if start.tzinfo is None:
            raise ValueError(f"start {start!r} has no time zone: give an aware time, such as UTC")
        bounds = limits or Limits()
        self.loop = VirtualLoop(rounds_per_instant=bounds.rounds_per_instant, end=bounds.duration.total_seconds())
        self.clock = VirtualClock(self.loop, start)
        self.rng = SeededRng(seed)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs until `work` is done; other tasks are suspended until the next call."""
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        """Cancels remaining tasks, in order of age, and waits for real threads that outside work started."""
        self.loop.quit()
        left = sorted((task for task in asyncio.all_tasks(self.loop) if isinstance(task, OrderedTask)), key=_age)
        for task in left:
            task.cancel()
        with suppress(VirtualTimeError):
            if left:
                self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.clock.external(self.loop.shutdown_default_executor()))
        self.loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def run_virtual(
    main: Callable[[VirtualClock, SeededRng], Coroutine[Any, Any, T]],
    seed: int = 0,
    start: datetime = START,
    *,
    limits: Limits | None = None,
) -> T:
    """`asyncio.run` in virtual time. Raises LivelockError, StuckError or EndOfTimeError for a run that cannot end."""
    with VirtualProcess(seed, start, limits) as process:
        return process.run(main(process.clock, process.rng))


async def _outside(work: Awaitable[T]) -> T:
    INSIDE_EXTERNAL.set(True)
    return await work


def _age(task: OrderedTask) -> int:
    return task.sequence


def _exact(seconds: float) -> float:
    """Microseconds, as `datetime` has them, so that sums of durations meet at one instant."""
    return round(seconds, 6)
