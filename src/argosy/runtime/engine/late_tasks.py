"""Tasks that are begun while their group may already be ending."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


def begin(tasks: asyncio.TaskGroup | None, work: Coroutine[Any, Any, None], name: str) -> None:
    """Begins `work` unless its group is not running, or is ending since another of its tasks failed.

    Such a group takes no more tasks: what would have been begun is dropped, as all else of that process is.
    """
    try:
        if tasks is not None:
            tasks.create_task(work, name=name)
            return
    except RuntimeError:
        pass
    work.close()
