"""Limits the work of one evaluation: counted work instead of a clock, so that equal input always ends equally.

A string costs one unit for every 32 characters, a list or map one for each item, on the way into a function and out of
of it. Functions that create much from little announce the size before they create it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WORK: Final = 200_000
TEXT: Final = 1024 * 1024
"""Maximum characters of one value."""
ITEMS: Final = 100_000
DEPTH: Final = 100


class LimitExceeded(Exception):
    """The evaluation was stopped; the message names the limit."""


class Meter:
    """What the running evaluation has consumed."""

    def __init__(self) -> None:
        self.left = WORK

    def reset(self) -> None:
        self.left = WORK

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise LimitExceeded(f"the expression does more than {WORK} units of work")

    def text(self, length: int) -> None:
        """Call before creating a string of this length."""
        if length > TEXT:
            raise LimitExceeded(f"the expression makes a text longer than {TEXT} characters")
        self.spend(length // 32)

    def items(self, count: int) -> None:
        """Call before creating this many items."""
        if count > ITEMS:
            raise LimitExceeded(f"the expression makes a list longer than {ITEMS} items")
        self.spend(count)

    def weigh(self, value: object, depth: int = 0) -> None:
        """Spends the cost of a value; shared parts count each time, as they do when printed."""
        if depth > DEPTH:
            raise LimitExceeded(f"the expression makes a value deeper than {DEPTH}")
        if isinstance(value, str):
            self.text(len(value))
        elif isinstance(value, Mapping):
            self.spend(len(value) + 1)
            for item in value.values():
                self.weigh(item, depth + 1)
        elif isinstance(value, list | tuple):
            self.spend(len(value) + 1)
            for item in value:
                self.weigh(item, depth + 1)
