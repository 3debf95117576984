"""Starts tasks while their group may already be ending."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def begin(tasks: asyncio.TaskGroup | None, work: Coroutine[Any, Any, None], name: str) -> None:
    """Starts `work` unless its group is not running, or is ending since another of its tasks failed.

    Such a group accepts no more tasks: the work is dropped, like everything else of that process.
    """
    try:
        if tasks is not None:
            tasks.create_task(work, name=name)
            return
    except RuntimeError:
        pass
    work.close()
