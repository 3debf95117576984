"""Garbage collection in short passes: objects that survived a long pass are not scanned again.

Python's collector scans every live container at once: a third of a second in a process with a large Application,
in which no request is answered. Nearly everything here is freed without it, as JSON has no cycles. So each
pass scans only new objects; survivors of a long pass are frozen. Cycles that die after being frozen are found by a
thorough pass, a few times a day while the process grows.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

YOUNG = 1_000
"""Number of new containers that triggers a pass: less than a millisecond."""
PASSES = (3, 1)
"""Young passes before one of the middle generation, and those before a full one."""
LONG_SECONDS = 0.002
"""Seconds of a full pass: a busy machine makes it ten times as long."""
THOROUGH_SECONDS = 6 * 3600.0
GROWN = 1.5
"""Growth factor since the last thorough pass before the next: a process that does not grow never needs one."""


def put_off() -> None:
    """Until `settle`: objects created at the start stay alive, so repeated scans would find nothing."""
    gc.disable()


LARGE_BLOCK, LOOSE_END = 256 << 10, 1 << 20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's mallopt."""


def give_back_large_blocks() -> None:
    """Large blocks are returned to the system when they are freed; glibc would adapt to keep them (up to 32 MB each).

    Other C libraries have neither the call nor the behaviour.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(M_TRIM_THRESHOLD, LOOSE_END)


class Sleeper(Protocol):
    async def sleep(self, seconds: float, *, background: bool = False) -> None: ...


class Garbage:
    """One per process: call `settle` when it has started."""

    def __init__(self, processor_time: Callable[[], float] = time.thread_time) -> None:
        self._processor_time = processor_time
        self._since = 0.0
        self._left = 0
        self.set_aside = 0
        """Number of passes, for tests."""

    def settle(self) -> None:
        """Freezes the objects that were created at the start."""
        give_back_large_blocks()
        self.thorough()
        gc.enable()
        gc.set_threshold(YOUNG, *PASSES)
        if self._passed not in gc.callbacks:
            gc.callbacks.append(self._passed)

    def thorough(self) -> None:
        """Scans everything, however long that takes."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        gc.collect()  # the next full pass is delayed until a quarter as many as here are new: this makes it none
        self._left = gc.get_freeze_count()

    async def run(self, clock: Sleeper) -> None:
        """Settles, then runs thorough passes at times, until cancelled."""
        self.settle()
        while True:
            await clock.sleep(THOROUGH_SECONDS, background=True)
            self.thorough_if_grown()

    def thorough_if_grown(self) -> bool:
        """Whether there was anything to scan."""
        if gc.get_freeze_count() < GROWN * self._left:
            return False
        self.thorough()
        return True

    def release(self) -> None:
        """Restores the original settings."""
        gc.callbacks.remove(self._passed)
        gc.unfreeze()
        gc.set_threshold(700, 10, 10)

    def _passed(self, phase: str, info: Mapping[str, int]) -> None:
        if phase == "start":
            self._since = self._processor_time()
        elif info["generation"] == 2 and self._processor_time() - self._since >= LONG_SECONDS:
            gc.freeze()
            self.set_aside += 1
            with suppress(RuntimeError):  # a thread without an event loop: the next long pass is in another
                asyncio.get_running_loop().call_soon(_restart_count)


def _restart_count() -> None:
    """Python delays a full pass until there are a quarter as many new objects as it scanned in the last: as many as a
    large object has, so that the pass is long again. A pass over the few that exist now makes it come soon and short.
    """
    gc.collect()
