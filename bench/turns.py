"""How long the event loop was held while something was measured: a figure, and a failure above its goal.

In processor time of the loop's thread, so that a machine that is busy with other things makes it no worse.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from argosy.observe.garbage import Garbage
from argosy.observe.metrics import Registry
from argosy.observe.watchdog import Watchdog

GOAL_SECONDS = 0.05


class Turns:
    def __init__(self) -> None:
        self.watchdog = Watchdog(GOAL_SECONDS, registry=Registry(), idle_seconds=0.005)
        self.too_long: list[str] = []
        self._garbage = Garbage()

    def run(self, main: Coroutine[Any, Any, None]) -> None:
        """On a loop that is watched. Exits with 1 when a measured turn was too long."""
        with asyncio.Runner(loop_factory=self.watchdog.new_loop) as runner:
            runner.run(main)
        if self.too_long:
            raise SystemExit(f"turns of the event loop above {GOAL_SECONDS * 1000:.0f} ms: {'; '.join(self.too_long)}")

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        self._garbage.settle()
        with self.watchdog.watching():
            yield
            seconds, stack = self.watchdog.longest, self.watchdog.longest_stack
        print(f"{f'  longest turn of the loop, {what}':<58} {seconds * 1000:>13.0f} ms   < 50 ms", flush=True)
        if seconds > GOAL_SECONDS:
            self.too_long.append(f"{what}: {seconds * 1000:.0f} ms ({' < '.join(reversed(stack))})")
