"""One evaluation: its names, its variables, the loops it is in, and its remaining budget.

Counted work instead of a clock: equal input always has the same result, and timing reveals nothing to a stranger.
expr-lang itself has the limit on memory (1e6 elements); the others are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gotime import Time

from .errors import Fault

STEPS: Final = 2_000_000
"""Maximum nodes evaluated within loops, and elements that functions iterate over."""
MEMORY: Final = 1_000_000
"""Maximum elements of arrays and maps that are created. expr-lang: conf.DefaultMemoryBudget."""
TEXT: Final = 4 * 1024 * 1024
"""Maximum characters of one string."""


@dataclass(slots=True)
class Loop:
    items: Any
    index: int = 0
    accumulator: object = None


class Frame:
    __slots__ = ("loops", "memory", "names", "now", "steps", "variables")

    def __init__(self, names: Mapping[str, object], variables: int, now: Time | None) -> None:
        self.names = names
        self.variables: list[object] = [None] * variables
        self.loops: list[Loop] = []
        self.now = now
        self.steps = STEPS
        self.memory = MEMORY

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise Fault(f"the evaluation takes more than {STEPS} steps")

    def grow(self, elements: int) -> None:
        """Call before creating this many elements."""
        self.memory -= elements
        if self.memory <= 0:
            raise Fault("memory budget exceeded")

    def text(self, length: int) -> None:
        """Call before creating, or iterating over, a string of this length."""
        if length > TEXT:
            raise Fault("memory budget exceeded")
        if length > 64:
            self.spend(length >> 5)
