"""A queue of items to process again, for the server's own controllers: first in, first out, each at most once.

Several workers share a queue whose items may wait for an external call: a webhook that does not answer then blocks one
of them, not all. No two workers ever have the same item.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from argosy.cluster.ports import Clock
from argosy.machinery.status import StatusError
from argosy.machinery.unexpected import described

T = TypeVar("T", bound=Hashable)
RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 60.0
_log = logging.getLogger(__name__)


class Workqueue(Generic[T]):
    """`run` is a task of the cluster; `add` may be called from anywhere on the event loop."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._items: dict[T, None] = {}
        self._failures: dict[T, int] = {}
        self._busy: dict[T, bool] = {}
        """Items being processed, and whether they were added again meanwhile."""
        self._idle: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def add(self, item: T) -> None:
        if item in self._busy:
            self._busy[item] = True
            return
        self._items[item] = None
        self._signal()

    def add_later(self, item: T, seconds: float) -> None:
        self._clock.call_later(seconds, lambda: self.add(item))

    def close(self) -> None:
        """`run` ends after the current items; the rest is found again at the next start."""
        self._closed = True
        while self._idle:
            self._signal()

    def _signal(self) -> None:
        """Wakes one waiting worker; one that was cancelled meanwhile is no longer waiting."""
        while self._idle:
            waits = self._idle.popleft()
            if not waits.done():
                waits.set_result(None)
                return

    async def run(self, process: Callable[[T], Awaitable[None]], workers: int = 1) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._work(process))

    async def _work(self, process: Callable[[T], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        while not self._closed:
            if not self._items:
                waits = loop.create_future()
                self._idle.append(waits)
                await waits
                continue
            item = next(iter(self._items))
            del self._items[item]
            self._busy[item] = False
            await self._process(process, item)
            if self._busy.pop(item):
                self.add(item)

    async def _process(self, process: Callable[[T], Awaitable[None]], item: T) -> None:
        try:
            await process(item)
        except StatusError as error:
            failures = self._failures[item] = self._failures.get(item, 0) + 1
            _log.info("%s: %s: %s, tried again later", self._name, item, error.reason or error.code)
            self.add_later(item, min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2 ** (failures - 1)))
        except Exception as error:  # a bug must not stop the controller: the item is backed off, the others continue
            failures = self._failures[item] = self._failures.get(item, 0) + 1
            _log.error("%s: %s failed with %s", self._name, item, described(error))
            self.add_later(item, min(LONGEST_RETRY_SECONDS, RETRY_SECONDS * 2 ** (failures - 1)))
        else:
            self._failures.pop(item, None)
