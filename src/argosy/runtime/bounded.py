"""Runs several pieces of work concurrently, with a limit, and without cancelling any because another one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice

from argosy.runtime.clock import Clock


async def run_bounded(work: Iterable[Callable[[], Awaitable[object]]], at_once: int, clock: Clock) -> None:
    """Waits for all. Raises the first error, unchanged, when all are done.

    Yields after each piece: a lot of work that never waits must not block the event loop.
    """
    left = iter(work)
    failures: list[Exception] = []

    async def some(first: Callable[[], Awaitable[object]]) -> None:
        piece: Callable[[], Awaitable[object]] | None = first
        while piece is not None:
            try:
                await piece()
            except Exception as error:
                failures.append(error)
            await clock.sleep(0)
            piece = next(left, None)

    async with asyncio.TaskGroup() as tasks:
        for piece in islice(left, at_once):
            tasks.create_task(some(piece))
    if failures:
        raise failures[0]
