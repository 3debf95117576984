"""One piece of outside work at a time per key, shared by all callers that asked before it started.

A caller that arrives while the work is running waits for the next run, because what it wants to see may be newer
than what the current run reads. However many ask at once, that makes two runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class GivenUp(Exception):
    """The caller that started the work was cancelled: one of those who share it must start it again."""


class Turns(Generic[T]):
    def __init__(self) -> None:
        self._waiting: dict[Hashable, asyncio.Future[T]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def share(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """The result of a run of `work` that starts after this call; its error is raised for all who share it."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            try:
                return await asyncio.shield(waiting)
            except GivenUp:
                return await self.share(key, work)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting[key] = future
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                self._close(key, future)
                result = await work()
        except BaseException as error:
            future.set_exception(error if isinstance(error, Exception) else GivenUp())
            future.exception()  # raised by the callers that share it; without any it is not an unhandled exception
            raise
        else:
            future.set_result(result)
            return result
        finally:
            self._close(key, future)
            if not lock.locked() and key not in self._waiting:
                self._locks.pop(key, None)

    def _close(self, key: Hashable, future: asyncio.Future[T]) -> None:
        """From now on, callers get the next run."""
        if self._waiting.get(key) is future:
            del self._waiting[key]
