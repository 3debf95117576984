"""The watchdog: how long one event loop turn takes, and what was running in one that took too long.

All requests, watches and controllers of a process share one event loop, so whatever blocks it blocks everyone
(security rule 16). A turn lasts from the moment the loop has found what is ready until it polls again. It is measured
in processor time of the loop's own thread: other load on the machine makes no turn longer.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from argosy.observe.metrics import REGISTRY, Registry

LIMIT_SECONDS = 0.1
"""Length of a turn from which the log names the culprit."""
LIMIT_VARIABLE = "ARGOSY_EVENT_LOOP_TURN_LIMIT"
"""Seconds; 0 logs none."""
TOLD_AGAIN_SECONDS = 60.0
"""Minimum seconds between two reports of the same culprit."""
IDLE_SECONDS = 0.1
"""Seconds between two samples of the watching thread while no turn is long."""
DEPTH = 12
"""Stack frames that are logged, the innermost last."""

COLLECTION = "collection of garbage"

log = logging.getLogger(__name__)


def limit_of(environment: Mapping[str, str]) -> float:
    try:
        return max(float(environment.get(LIMIT_VARIABLE, "") or LIMIT_SECONDS), 0.0)
    except ValueError:
        return LIMIT_SECONDS


class Turning(selectors.DefaultSelector):
    """The loop's selector, which therefore knows when a turn starts and ends."""

    def __init__(self, began: Callable[[], None], ended: Callable[[], None]) -> None:
        super().__init__()
        self._began, self._ended = began, ended

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._ended()
        try:
            return super().select(timeout)
        finally:
            self._began()


class Watchdog:
    """`new_loop` creates the loop that is watched; inside `watching` a thread samples what blocks it."""

    def __init__(
        self,
        limit: float = LIMIT_SECONDS,
        *,
        registry: Registry = REGISTRY,
        processor_time: Callable[[], float] = time.thread_time,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """`idle_seconds`: between two samples while there is nothing to see; what is shorter cannot be named."""
        self.limit = limit
        self.longest = 0.0
        """Seconds of processor time of the longest turn since the start, or since `forget`."""
        self.longest_stack: tuple[str, ...] = ()
        """What was running in it, if it was sampled."""
        self.turns = 0
        self._processor_time = processor_time
        self._idle_seconds = idle_seconds
        self._began_at: float | None = None
        self._seen: tuple[int, tuple[str, ...]] = (-1, ())
        self._reported_at: dict[str, float] = {}
        self._watched = 0
        self._is_watching = False
        self._collecting_since = self._collected = 0.0
        """Seconds of this turn that were spent in garbage collection."""
        self._long = registry.counter("argosy_event_loop_long_turns_total", "Turns of the event loop above the limit.")
        self._long.add(0)
        name, text = "argosy_event_loop_longest_turn_seconds", "Processor time of the longest turn of the event loop."
        registry.gauge(name, text).watch(lambda: self.longest)

    def new_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(Turning(self._turn_began, self._turn_ended))

    def forget(self) -> None:
        """Ignores everything until now."""
        self.longest, self.longest_stack = 0.0, ()

    # ---- the loop's thread

    def _turn_began(self) -> None:
        if self._is_watching:
            self._began_at = self._processor_time()

    def _turn_ended(self) -> None:
        began, self._began_at = self._began_at, None
        if began is None:
            return
        seconds, collected = self._processor_time() - began, self._collected
        self._collected = 0.0
        number, self.turns = self.turns, self.turns + 1
        if seconds <= self.longest and (not self.limit or seconds < self.limit):
            return
        stack = self._seen[1] if self._seen[0] == number else ()
        if collected > seconds / 2:
            stack = (*stack, COLLECTION)
        if seconds > self.longest:
            self.longest, self.longest_stack = seconds, stack
        if self.limit and seconds >= self.limit:
            self._long.add()
            self._report(seconds, stack)

    def _report(self, seconds: float, stack: tuple[str, ...]) -> None:
        culprit, now = stack[-1] if stack else "", time.perf_counter()
        if now - self._reported_at.get(culprit, -TOLD_AGAIN_SECONDS) < TOLD_AGAIN_SECONDS:
            return
        self._reported_at[culprit] = now
        place = " < ".join(reversed(stack)) or "it was over before it was looked at"
        log.warning("a turn of the event loop took %.0f ms, while all else waited: %s", seconds * 1000, place)

    # ---- the watching thread

    @contextmanager
    def watching(self) -> Iterator[None]:
        """In the loop's thread; anything before, such as the start, does not count."""
        self._watched = threading.get_ident()
        stopped = threading.Event()
        thread = threading.Thread(target=self._watch, args=(stopped,), name="watchdog of the event loop", daemon=True)
        self.forget()
        self._began_at, self._is_watching = None, True
        gc.callbacks.append(self._collecting)
        thread.start()
        try:
            yield
        finally:
            gc.callbacks.remove(self._collecting)
            self._is_watching = False
            stopped.set()
            thread.join()

    def _collecting(self, phase: str, _info: Mapping[str, int]) -> None:
        """The garbage collector blocks other threads: it reports its own duration."""
        if threading.get_ident() != self._watched or self._began_at is None:
            return
        if phase == "start":
            self._collecting_since = self._processor_time()
        else:
            self._collected += self._processor_time() - self._collecting_since

    def _watch(self, stopped: threading.Event) -> None:
        short, before = (self.limit or LIMIT_SECONDS) / 4, -1
        wait = self._idle_seconds
        while not stopped.wait(wait):
            busy, number = self._began_at is not None, self.turns
            if busy and number == before and self._seen[0] != number:
                self._seen = (number, stack_of(sys._current_frames().get(self._watched)))  # noqa: SLF001  # the only way
            wait = short if busy else self._idle_seconds
            before = number


def stack_of(frame: FrameType | None) -> tuple[str, ...]:
    """The current stack: files, lines and names of functions, outermost first. No values, for they may be secret."""
    found: list[str] = []
    while frame is not None and len(found) < DEPTH:
        code = frame.f_code
        place = "/".join(Path(code.co_filename).parts[-2:])
        found.append(f"{place}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return tuple(reversed(found))
