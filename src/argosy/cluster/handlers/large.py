"""Large objects are decoded, defaulted and validated in a thread, so that the event loop is not blocked.

So is an object whose rules cost more than one event loop turn: anyone can write expressions in definitions.

The work is pure: it reads the request and the stored object, and neither changes meanwhile. Small objects, nearly
all of them, are not worth the overhead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argosy.cluster.handlers.core import Core
from argosy.machinery.objects import JsonValue
from argosy.machinery.structural.turns import TooLongHere, in_one_turn

LARGE = 500
"""Number of list entries from which an object counts as large: some milliseconds of work."""

T = TypeVar("T")


async def carried_out(core: Core, is_large: bool, work: Callable[[], T]) -> T:
    """The result of `work`, which evaluates no rule of a definition. Raises what it raises."""
    return await core.clock.external(asyncio.to_thread(work)) if is_large else work()


async def judged(core: Core, is_large: bool, work: Callable[[], T]) -> T:
    """Like `carried_out`, for work that may evaluate rules."""
    if not is_large:
        try:
            with in_one_turn():
                return work()
        except TooLongHere:
            pass
    return await core.clock.external(asyncio.to_thread(work))


def is_large(value: JsonValue) -> bool:
    """By the lengths of its lists, without looking into them."""
    left, seen = [value], 0
    for found in left:  # grows during the loop
        if found.__class__ is dict:
            seen += len(found) // 8
            left += [item for item in found.values() if item.__class__ is dict or item.__class__ is list]
        elif found.__class__ is list:
            seen += len(found)
        if seen >= LARGE:
            return True
    return False
