"""How much cost one event loop turn may take: beyond it the same work is done in a thread.

with in_one_turn():
    work()                # raises TooLongHere
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Final

UNITS: Final = 50_000
"""In cost units: about ten milliseconds. The total budget of an object is two hundred times that."""


class TooLongHere(Exception):
    """The expressions cost more than one turn may take; they are not wrong."""


@dataclass(slots=True)
class Turn:
    left: int


_TURN: ContextVar[Turn | None] = ContextVar("turn", default=None)


class in_one_turn:  # noqa: N801 it is used as a function
    """Entered at every small write: a generator would cost more than the rules of most objects."""

    __slots__ = ("_token", "_units")
    _token: Token[Turn | None]

    def __init__(self, units: int = UNITS) -> None:
        self._units = units

    def __enter__(self) -> None:
        self._token = _TURN.set(Turn(self._units))

    def __exit__(self, *exc: object) -> None:
        _TURN.reset(self._token)


def current_turn() -> Turn | None:
    return _TURN.get()
