"""Large objects are decoded, filled and judged in a thread, so that the loop goes on meanwhile.

So is an object whose rules cost more than one turn of the loop may take: expressions of definitions are anybody's.

What runs there is pure: it reads what the request brought and what is stored, and neither is changed by anybody. Small
objects, nearly all of them, are not worth the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argosy.cluster.handlers.core import Core
from argosy.machinery.objects import JsonValue
from argosy.machinery.structural.turns import TooLongHere, in_one_turn

LARGE = 500
"""Entries of lists, from which on an object is large: some milliseconds of work."""

T = TypeVar("T")


async def carried_out(core: Core, is_large: bool, work: Callable[[], T]) -> T:
    """What `work` comes to, in which no rule of a definition is evaluated. Raises what it raises."""
    return await core.clock.external(asyncio.to_thread(work)) if is_large else work()


async def judged(core: Core, is_large: bool, work: Callable[[], T]) -> T:
    """As `carried_out`, for work in which rules may be evaluated."""
    if not is_large:
        try:
            with in_one_turn():
                return work()
        except TooLongHere:
            pass
    return await core.clock.external(asyncio.to_thread(work))


def is_large(value: JsonValue) -> bool:
    """By the lengths of its lists, none of which is looked into."""
    left, seen = [value], 0
    for found in left:  # which grows meanwhile
        if found.__class__ is dict:
            seen += len(found) // 8
            left += [item for item in found.values() if item.__class__ is dict or item.__class__ is list]
        elif found.__class__ is list:
            seen += len(found)
        if seen >= LARGE:
            return True
    return False
