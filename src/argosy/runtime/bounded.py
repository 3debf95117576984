"""Several pieces of work at once, but not too many, and none broken off because another one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable


async def run_bounded(work: Iterable[Callable[[], Awaitable[object]]], at_once: int) -> None:
    """Waits for all. Raises the first error, as it is, when all are done."""
    turns = asyncio.Semaphore(at_once)
    failures: list[Exception] = []

    async def one(piece: Callable[[], Awaitable[object]]) -> None:
        async with turns:
            try:
                await piece()
            except Exception as error:
                failures.append(error)

    async with asyncio.TaskGroup() as tasks:
        for piece in work:
            tasks.create_task(one(piece))
    if failures:
        raise failures[0]
