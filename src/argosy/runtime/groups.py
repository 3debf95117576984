"""A task group for context managers: the caller catches what the block raised, not a group around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def task_group() -> AsyncIterator[asyncio.TaskGroup]:
    """Like asyncio.TaskGroup, but the block's own error is raised unchanged if no task failed as well.

    `except OSError` around a server that cannot get its port would never match an ExceptionGroup.
    """
    own: Exception | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            try:
                yield tasks
            except Exception as error:
                own = error
                raise
    except ExceptionGroup as group:
        if own is not None and group.exceptions == (own,):
            raise own from own.__cause__
        raise
