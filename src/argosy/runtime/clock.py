"""The port for time. Nothing else in Argosy reads a clock or sleeps.

Two adapters: `RealClock` on the running event loop, and virtual time (runtime/virtual.py), which jumps to the next
deadline when nothing is ready to run and no outside work is in progress.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

T = TypeVar("T")


class TimerHandle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware, UTC. Read it once per decision and pass it on."""
        ...

    def monotonic(self) -> float:
        """Seconds, for measuring durations."""
        ...

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        """`background` sleepers (lease renewals, polls, resyncs) do not keep a rehearsal alive."""
        ...

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> TimerHandle: ...

    async def external(self, work: Awaitable[T], *, takes: float = 0.0) -> T:
        """Awaits work outside the event loop: git, registries, render workers, threads.

        Virtual time does not advance meanwhile, then moves by `takes` seconds; results of several concurrent works are
        delivered in the order in which they were started, whatever order they finished in.
        """
        ...


class RealClock:
    """The machine's clock and the running event loop's timers; outside work is simply awaited."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 this class is the port

    def monotonic(self) -> float:
        return time.monotonic()  # noqa: TID251 this class is the port

    async def sleep(self, seconds: float, *, background: bool = False) -> None:
        await asyncio.sleep(seconds)  # noqa: TID251 this class is the port

    def call_later(self, seconds: float, callback: Callable[[], None], *, background: bool = False) -> TimerHandle:
        return asyncio.get_running_loop().call_later(max(0.0, seconds), callback)

    async def external(self, work: Awaitable[T], *, takes: float = 0.0) -> T:
        return await work
