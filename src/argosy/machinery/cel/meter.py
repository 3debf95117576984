"""The remaining budget of one evaluation (cost and size), and the closures that count it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from argosy.machinery.cel.errors import COST_LIMIT, CostExceeded

MEMORY_LIMIT: Final = 5_000_000
"""Elements and characters that one evaluation may create; upstream relies on Go's garbage collector for that."""


class Meter:
    __slots__ = ("left", "room")

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.room = MEMORY_LIMIT

    def made(self, count: int) -> None:
        self.room -= count
        if self.room < 0:
            raise CostExceeded(COST_LIMIT)


Step = Callable[[dict[str, Any], Meter], Any]
"""(values by name, meter) -> value. Raises CelError, CostExceeded."""
