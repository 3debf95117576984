"""One evaluation: its names, its variables, the loops it is in, and what it may still use up.

Counted work instead of a clock: equal input always ends equally, and nothing of it can be measured by a stranger.
expr-lang itself has the limit on memory (1e6 elements); the others are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gotime import Time

from .errors import Fault

STEPS: Final = 2_000_000
"""Nodes that may be evaluated within loops, and elements that functions may go through."""
MEMORY: Final = 1_000_000
"""Elements of arrays and maps that may be made. expr-lang: conf.DefaultMemoryBudget."""
TEXT: Final = 4 * 1024 * 1024
"""Characters of one text."""


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
        """About to make so many elements."""
        self.memory -= elements
        if self.memory <= 0:
            raise Fault("memory budget exceeded")

    def text(self, length: int) -> None:
        """About to make, or to go through, a text of this length."""
        if length > TEXT:
            raise Fault("memory budget exceeded")
        if length > 64:
            self.spend(length >> 5)
