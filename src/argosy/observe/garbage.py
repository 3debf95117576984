"""Collection of garbage in short passes: what was found alive by a long one is not looked at again.

Python's collector looks at every container that lives, all at one go: a third of a second in a process with a large
Application, in which nobody gets an answer. Nearly everything here is freed without it, as JSON has no cycles. So each
pass looks at what is new; what a long one leaves is set aside. Cycles that die when they were set aside are found by a
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
"""New containers after which those are looked at: less than a millisecond."""
PASSES = (3, 1)
"""Of the young ones before one of the middle generation, and of that before one of all."""
LONG_SECONDS = 0.002
"""Of a pass over all: a machine with other work makes it ten times as long."""
THOROUGH_SECONDS = 6 * 3600.0
GROWN = 1.5
"""Times what a thorough pass left, before there is another: a process that does not grow never has to wait for one."""


def put_off() -> None:
    """Until `settle`: what a start makes stays, so that looking through it again and again finds nothing."""
    gc.disable()


LARGE_BLOCK, LOOSE_END = 256 << 10, 1 << 20
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's mallopt."""


def give_back_large_blocks() -> None:
    """Large blocks go back to the system when they are freed; glibc would learn to keep them (up to 32 MB each).

    Other C libraries have no such call, and no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
        mallopt(M_TRIM_THRESHOLD, LOOSE_END)


class Sleeper(Protocol):
    async def sleep(self, seconds: float, *, background: bool = False) -> None: ...


class Garbage:
    """One for a process: `settle` when it has started."""

    def __init__(self, processor_time: Callable[[], float] = time.thread_time) -> None:
        self._processor_time = processor_time
        self._since = 0.0
        self._left = 0
        self.set_aside = 0
        """How often: a figure for tests."""

    def settle(self) -> None:
        """What was made at the start stays."""
        give_back_large_blocks()
        self.thorough()
        gc.enable()
        gc.set_threshold(YOUNG, *PASSES)
        if self._passed not in gc.callbacks:
            gc.callbacks.append(self._passed)

    def thorough(self) -> None:
        """Looks at everything, however long that takes."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        gc.collect()  # the next pass over all is put off until a quarter as many as here are new: as none
        self._left = gc.get_freeze_count()

    async def run(self, clock: Sleeper) -> None:
        """Settles, then is thorough at times, until cancelled."""
        self.settle()
        while True:
            await clock.sleep(THOROUGH_SECONDS, background=True)
            self.thorough_if_grown()

    def thorough_if_grown(self) -> bool:
        """Whether there was anything to look for."""
        if gc.get_freeze_count() < GROWN * self._left:
            return False
        self.thorough()
        return True

    def release(self) -> None:
        """As if it had never been."""
        gc.callbacks.remove(self._passed)
        gc.unfreeze()
        gc.set_threshold(700, 10, 10)

    def _passed(self, phase: str, info: Mapping[str, int]) -> None:
        if phase == "start":
            self._since = self._processor_time()
        elif info["generation"] == 2 and self._processor_time() - self._since >= LONG_SECONDS:
            gc.freeze()
            self.set_aside += 1
            with suppress(RuntimeError):  # a thread without a loop: the next long pass is in another
                asyncio.get_running_loop().call_soon(_begin_anew)


def _begin_anew() -> None:
    """Python puts off a pass over all until there are a quarter as many new ones as it saw in the last: as many as a
    large object has, and the pass is long again. One over the few that are there now makes it come soon, and be short.
    """
    gc.collect()
