"""How much of a budget may be spent before others must have their turn: then the same work is done elsewhere.

with in_one_turn():
    work()                # raises TooLongHere
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

UNITS: Final = 50_000
"""Of cost: about ten milliseconds. The whole budget of an object is two hundred times that."""


class TooLongHere(Exception):
    """The expressions cost more than one turn may take; nothing is wrong with them."""


@dataclass(slots=True)
class Turn:
    left: int


_TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def in_one_turn(units: int = UNITS) -> Iterator[None]:
    token = _TURN.set(Turn(units))
    try:
        yield
    finally:
        _TURN.reset(token)


def current_turn() -> Turn | None:
    return _TURN.get()
